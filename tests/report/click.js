// What a reader does: sorts the candidates by bytes, the largest first, and shows the int8 ones of level 0.50. The
// title becomes the names in their order, each with + where its row is shown and - where it is not.
var buttons = document.querySelectorAll("#candidates thead button");
for (var i = 0; i < buttons.length; i++)
  if (buttons[i].textContent === "bytes") { buttons[i].click(); buttons[i].click(); }
var input = document.querySelector(".filter input");
input.value = "int8 0.50";
input.dispatchEvent(new Event("input"));
document.title = [].map.call(document.querySelectorAll("#candidates tbody tr"), function (row) {
  return row.cells[0].textContent + (row.hidden ? "-" : "+");
}).join(" ");
