# Accuracy over RAM on the active device.
folder = system("dirname '".ARG0."'")
load folder."/common.gp"
set title with_budget(titled("Accuracy over RAM, and the frontier over it"))
x_column = "ram_bytes"
x_factor = 1.0 / 1024
x_title = "RAM, state and measured stack (KiB)"
frontier = ""
label_column = "frontier_ram"
is_timed = 0
budget = 0
log_axis = 1
size = ""
load folder."/scatter.gp"
