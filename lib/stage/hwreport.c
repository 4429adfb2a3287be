#include "stage/hwreport.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Bytes of one weight: the same types as activations. */
static size_t element_bytes(enum eo_precision precision)
{
    return (size_t)eo_precision_activation_bytes(precision);
}

static void make_layer(struct eo_hw_layer *l, const struct eo_model *m, enum eo_layer layer, size_t batch)
{
    const struct eo_shape *s = &m->shape;
    size_t out_bytes = eo_shape_output_bytes(s, layer, m->precision);

    l->output_elements = eo_shape_conv_elements(s, layer) * batch;
    l->parameter_bytes = eo_model_layer_tensor_bytes(m, layer);
    /* before pooling, in elements as wide as those that leave the layer */
    l->activation_bytes = l->output_elements * (out_bytes / eo_shape_output_elements(s, layer));
    l->macs_per_image = eo_shape_layer_macs(s, layer);
    l->macs = l->macs_per_image * batch;
    l->input_bytes = eo_shape_input_bytes(s, layer, m->precision);
    l->output_bytes = out_bytes;
    l->weight_bytes = eo_shape_weights(s, layer) * element_bytes(m->precision);
    l->fused_activation_bytes = l->input_bytes + l->output_bytes;
}

void eo_hw_model_make(struct eo_hw_model *hw, const struct eo_model *m, const char *sha256, size_t batch)
{
    int l;

    memset(hw, 0, sizeof(*hw));
    hw->key = eo_candidate_key_of_model(m);
    snprintf(hw->sha256, sizeof(hw->sha256), "%s", sha256);
    hw->batch = batch;
    for (l = 0; l < EO_LAYERS; l++)
        make_layer(&hw->layer[l], m, (enum eo_layer)l, batch);
}

size_t eo_hw_batch(const struct eo_model *m, const struct eo_sweep *sweep, const struct eo_config *cfg)
{
    struct eo_candidate_key key = eo_candidate_key_of_model(m);
    const struct eo_candidate *c = sweep ? eo_sweep_find(sweep, &key) : NULL;

    return c && c->batch_size >= 1 && c->batch_size <= 65536 ? (size_t)c->batch_size
                                                             : (size_t)cfg->batch_size;
}

static void put_layer(struct eo_buf *out, const struct eo_hw_model *m, enum eo_layer layer)
{
    const struct eo_hw_layer *l = &m->layer[layer];

    eo_buf_printf(out, "%s,%zu,%zu,%zu,%zu,", eo_layer_name(layer), l->output_elements, l->parameter_bytes,
                  l->activation_bytes, l->macs);
    eo_candidate_put_key(&m->key, out);
    eo_buf_printf(out, "%zu,%zu,%zu,%zu,%zu,%zu,", l->input_bytes, l->output_bytes, l->weight_bytes, m->batch,
                  l->macs_per_image, l->fused_activation_bytes);
    eo_csv_put_text(out, eo_criterion_name(m->key.criterion), ',');
    eo_csv_put_text(out, m->sha256, '\n');
}

void eo_hw_put_layers(const struct eo_hw_model *models, size_t count, struct eo_buf *out)
{
    size_t i;
    int l;

    eo_buf_puts(out,
                "layer,output_elements,parameter_bytes,activation_bytes,macs,pruning_level,precision,seed,"
                "input_bytes,output_bytes,weight_bytes,batch_size,macs_per_image,fused_activation_bytes,"
                "pruning_criterion,model_sha256\n");
    for (i = 0; i < count; i++) {
        for (l = 0; l < EO_LAYERS; l++)
            put_layer(out, &models[i], (enum eo_layer)l);
    }
}

struct tradeoff {
    enum eo_precision precision;
    double rows, accuracy, latency, memory, energy, accepted;
};

/* Means over the rows of one precision. */
static void make_tradeoff(struct tradeoff *t, const struct eo_sweep *sweep, enum eo_precision precision)
{
    size_t i;

    *t = (struct tradeoff){.precision = precision};
    for (i = 0; i < sweep->row_count; i++) {
        const struct eo_candidate *c = &sweep->rows[i];

        if (c->key.precision != precision)
            continue;
        t->rows++;
        t->accuracy += c->accuracy;
        t->latency += c->ranked_latency_ms;
        t->memory += c->memory_mb;
        t->energy += c->energy_proxy_j;
        t->accepted += c->accepted;
    }
    if (t->rows == 0)
        return;
    t->accuracy /= t->rows;
    t->latency /= t->rows;
    t->memory /= t->rows;
    t->energy /= t->rows;
    t->accepted /= t->rows;
}

void eo_hw_put_tradeoffs(const struct eo_sweep *sweep, struct eo_buf *out)
{
    struct tradeoff t, list[EO_PRECISION_COUNT];
    int p, i, n = 0;

    for (p = 0; p < EO_PRECISION_COUNT; p++) {
        make_tradeoff(&t, sweep, (enum eo_precision)p);
        if (t.rows == 0)
            continue;
        for (i = n++; i > 0 && list[i - 1].latency > t.latency; i--)
            list[i] = list[i - 1];
        list[i] = t;
    }
    eo_buf_puts(
        out, "precision,accuracy_mean,latency_ms_mean,memory_mb_mean,energy_proxy_j_mean,accepted_ratio\n");
    for (i = 0; i < n; i++) {
        eo_csv_put_text(out, eo_precision_name(list[i].precision), ',');
        eo_csv_put_double(out, list[i].accuracy, ',');
        eo_csv_put_double(out, list[i].latency, ',');
        eo_csv_put_double(out, list[i].memory, ',');
        eo_csv_put_double(out, list[i].energy, ',');
        eo_csv_put_double(out, list[i].accepted, '\n');
    }
}

void eo_hw_summary_make(struct eo_hw_summary *s, const struct eo_hw_model *hw, const struct eo_candidate *c,
                        const struct eo_config *cfg)
{
    double seconds;
    int l;

    memset(s, 0, sizeof(*s));
    for (l = 0; l < EO_LAYERS; l++) {
        s->total_bytes += (double)hw->layer[l].parameter_bytes + (double)hw->layer[l].activation_bytes;
        s->total_macs += (double)hw->layer[l].macs;
    }
    s->batch_latency_ms = c->ranked_latency_ms * (double)hw->batch;
    seconds = s->batch_latency_ms / 1000;
    s->bandwidth_gbps = s->total_bytes / seconds / 1e9;
    s->configured_bandwidth_gbps = cfg->memory_bandwidth_gbps;
    s->utilization = s->bandwidth_gbps / cfg->memory_bandwidth_gbps;
    s->gmacs = s->total_macs / seconds / 1e9;
    s->intensity = s->total_macs / s->total_bytes;
    s->configured_peak_gmacs = NAN;
    s->knee = NAN;
    s->regime = "";
    if (cfg->peak_compute_gmacs > 0) {
        s->configured_peak_gmacs = cfg->peak_compute_gmacs;
        s->knee = cfg->peak_compute_gmacs / cfg->memory_bandwidth_gbps;
        s->regime = s->intensity < s->knee ? "memory-bound" : "compute-bound";
    }
}

static void put_summary_row(struct eo_buf *out, const struct eo_hw_summary *s, const struct eo_hw_model *hw)
{
    eo_sweep_put_count(out, s->total_bytes, ',');
    eo_sweep_put_count(out, s->total_macs, ',');
    eo_csv_put_double(out, s->bandwidth_gbps, ',');
    eo_csv_put_double(out, s->configured_bandwidth_gbps, ',');
    eo_csv_put_double(out, s->utilization, ',');
    eo_csv_put_double(out, s->gmacs, ',');
    eo_csv_put_double(out, s->intensity, ',');
    eo_csv_put_double(out, s->configured_peak_gmacs, ',');
    eo_csv_put_double(out, s->knee, ',');
    eo_csv_put_text(out, s->regime, ',');
    eo_candidate_put_key(&hw->key, out);
    eo_csv_put_int(out, (long long)hw->batch, ',');
    eo_csv_put_double(out, s->batch_latency_ms, ',');
    eo_csv_put_text(out, eo_criterion_name(hw->key.criterion), ',');
    eo_csv_put_text(out, hw->sha256, '\n');
}

static const struct eo_hw_model *find_model(const struct eo_hw_model *models, size_t count,
                                            const struct eo_candidate *c)
{
    size_t i;

    for (i = 0; i < count; i++) {
        if (eo_candidate_equal(&models[i].key, &c->key))
            return &models[i];
    }
    return NULL;
}

static int put_candidate(const struct eo_candidate *c, const struct eo_hw_model *models, size_t count,
                         const struct eo_config *cfg, struct eo_buf *out, struct eo_err *err)
{
    const struct eo_hw_model *hw = find_model(models, count, c);
    struct eo_hw_summary summary;
    char key[EO_CANDIDATE_TEXT];

    eo_candidate_key_text(&c->key, key);
    if (!hw)
        return eo_err_set(err, "no model given for %s", key);
    if (c->model_sha256[0] && strcmp(c->model_sha256, hw->sha256) != 0)
        return eo_err_set(err, "stale: %s was measured with model %.12s, given is %.12s", key,
                          c->model_sha256, hw->sha256);
    eo_hw_summary_make(&summary, hw, c, cfg);
    put_summary_row(out, &summary, hw);
    return 0;
}

int eo_hw_put_summary(const struct eo_sweep *sweep, const struct eo_hw_model *models, size_t count,
                      const struct eo_config *cfg, struct eo_buf *out, struct eo_err *err)
{
    const struct eo_candidate *baseline = eo_sweep_baseline(sweep);
    size_t i;

    eo_buf_puts(
        out, "estimated_total_bytes,estimated_total_macs,achieved_bandwidth_gbps,"
             "configured_memory_bandwidth_gbps,bandwidth_utilization,achieved_gmacs,"
             "arithmetic_intensity_macs_per_byte,configured_peak_compute_gmacs,roofline_knee_macs_per_byte,"
             "bound_regime,pruning_level,precision,seed,batch_size,batch_latency_ms,pruning_criterion,"
             "model_sha256\n");
    if (baseline && put_candidate(baseline, models, count, cfg, out, err))
        return -1;
    for (i = 0; i < sweep->row_count; i++) {
        if (&sweep->rows[i] != baseline && put_candidate(&sweep->rows[i], models, count, cfg, out, err))
            return -1;
    }
    return 0;
}
