# Accuracy over instructions on the active device.
folder = system("dirname '".ARG0."'")
load folder."/common.gp"
set title with_budget(titled("Accuracy over instructions, and the frontier over it"))
x_column = "device_instructions"
x_factor = 1e-6
x_title = "instructions per image (millions; counted, not cycles)"
frontier = ""
label_column = "frontier_instructions"
is_timed = 0
budget = 0
log_axis = 0
size = ""
load folder."/scatter.gp"
