/* The engine's table of int8 for any network, over the kernels of general_s8_body.h; as s8_table.h. */
static void *gs8_prepare(const struct eo_model *m, int max_batch, struct eo_err *err)
{
    const struct eo_gs8_kernels *kernels = EO_OF_SET(eo_gs8_kernels)();

    (void)max_batch;
#ifdef EO_GS8_WIDE_KERNELS
    if (eo_backend_activation_max(m->backend) > 127)
        kernels = EO_GS8_WIDE_KERNELS();
#endif
    return eo_gs8_prepare(m, kernels, err);
}

const struct eo_engine_ops *EO_OF_SET(eo_general_s8_ops)(void)
{
    static const struct eo_engine_ops ops = {
        EO_INT8_NAME "-any-" EO_SET_TEXT, gs8_prepare, eo_gs8_release, eo_gs8_run, NULL, eo_gs8_workspace,
        eo_gs8_set_marker, NULL};

    return &ops;
}
