/*
 * The engine's table of int8, over the kernels of s8_body.h of the same set. A set whose kernels take activations up to
 * 127 alone names those for all others, EO_S8_WIDE_KERNELS. Included by the files of the sets alone.
 */
static void *s8_prepare(const struct eo_model *m, int max_batch, struct eo_err *err)
{
    const struct eo_s8_kernels *kernels = EO_OF_SET(eo_s8_kernels)();

    (void)max_batch;
#ifdef EO_S8_WIDE_KERNELS
    if (eo_backend_activation_max(m->backend) > 127)
        kernels = EO_S8_WIDE_KERNELS();
#endif
    return eo_s8_prepare(m, kernels, err);
}

const struct eo_engine_ops *EO_OF_SET(eo_s8_ops)(void)
{
    static const struct eo_engine_ops ops = {
        EO_INT8_NAME "-" EO_SET_TEXT, s8_prepare, eo_s8_release, eo_s8_run, NULL, eo_s8_workspace, eo_s8_set_marker,
        NULL};

    return &ops;
}
