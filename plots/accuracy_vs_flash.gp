# Accuracy over flash on the active device.
folder = system("dirname '".ARG0."'")
load folder."/common.gp"
set title with_budget(titled("Accuracy over flash, and the frontier over it"))
x_column = "flash_bytes"
x_factor = 1.0 / 1024
x_title = "flash, linked code and constants (KiB)"
frontier = ""
label_column = "frontier_flash"
is_timed = 0
budget = 0
log_axis = 1
size = ""
load folder."/scatter.gp"
