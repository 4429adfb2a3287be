"use strict";
// Sorting and filtering of tables. Without it the page is complete, in the order of the files.
(function () {
  function value(row, column) {
    var text = row.cells[column].textContent.trim();
    var number = parseFloat(text.replace(/,/g, ""));
    return { text: text, number: number };
  }

  function compare(a, b) {
    var x = isNaN(a.number), y = isNaN(b.number);
    if (x !== y) return x ? 1 : -1;
    if (!x && a.number !== b.number) return a.number - b.number;
    return a.text < b.text ? -1 : a.text > b.text ? 1 : 0;
  }

  function sort(table, column, heading) {
    var body = table.tBodies[0], up = heading.getAttribute("aria-sort") !== "ascending";
    var rows = Array.prototype.map.call(body.rows, function (row, i) {
      return { row: row, key: value(row, column), i: i };
    });
    rows.sort(function (a, b) {
      var order = compare(a.key, b.key);
      // What is no number stands at the end either way.
      if (isNaN(a.key.number) === isNaN(b.key.number)) order = up ? order : -order;
      return order || a.i - b.i;
    });
    rows.forEach(function (entry) { body.appendChild(entry.row); });
    Array.prototype.forEach.call(table.tHead.rows[0].cells, function (cell) { cell.removeAttribute("aria-sort"); });
    heading.setAttribute("aria-sort", up ? "ascending" : "descending");
  }

  function addButtons(table) {
    Array.prototype.forEach.call(table.tHead.rows[0].cells, function (cell, column) {
      var button = document.createElement("button");
      button.type = "button";
      button.textContent = cell.textContent;
      button.addEventListener("click", function () { sort(table, column, cell); });
      cell.textContent = "";
      cell.appendChild(button);
    });
  }

  // Each word has to stand somewhere in the row.
  function filter(table, text) {
    var words = text.toLowerCase().split(/\s+/);
    Array.prototype.forEach.call(table.tBodies[0].rows, function (row) {
      var said = Array.prototype.map.call(row.cells, function (c) { return c.textContent; }).join(" ").toLowerCase();
      row.hidden = !words.every(function (word) { return said.indexOf(word) >= 0; });
    });
  }

  function addFilter(table) {
    var label = document.createElement("label"), input = document.createElement("input");
    label.className = "filter";
    label.textContent = "Show rows with ";
    input.type = "search";
    input.placeholder = "int8 yes";
    input.addEventListener("input", function () { filter(table, input.value); });
    label.appendChild(input);
    table.parentNode.parentNode.insertBefore(label, table.parentNode);
  }

  // A link to a model opens its details.
  function openTarget() {
    var target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target && target.tagName === "DETAILS") target.open = true;
  }

  Array.prototype.forEach.call(document.querySelectorAll("table.sortable"), addButtons);
  var candidates = document.getElementById("candidates");
  if (candidates) addFilter(candidates);
  window.addEventListener("hashchange", openTarget);
  openTarget();
  window.addEventListener("beforeprint", function () {
    Array.prototype.forEach.call(document.querySelectorAll("details"), function (d) { d.open = true; });
  });
})();
