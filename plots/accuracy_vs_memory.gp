# Accuracy over the size of the model, with the budget that decides.
folder = system("dirname '".ARG0."'")
load folder."/common.gp"
set title with_budget(titled("Accuracy over model size, and the frontier over it"))
x_column = "model_memory_mb"
x_factor = 1024
x_title = "model size, all tensors (KiB)"
frontier = ""
label_column = "frontier_memory"
is_timed = 0
budget = 1
log_axis = 1
size = ""
load folder."/scatter.gp"
