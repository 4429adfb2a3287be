#include "stage/select/hwreport.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Elements that a layer reads: its input and, where it is another tensor, the one that it adds. */
static size_t read_elements(const struct eo_network *net, const struct eo_network_layer *l)
{
    size_t n = eo_dims_elements(l->in);

    if (l->add != EO_NETWORK_NONE && l->add != l->from)
        n += eo_dims_elements(eo_network_tensor_dims(net, eo_network_output_tensor(l->add)));
    return n;
}

static void make_layer(struct eo_hw_layer *to, const struct eo_model *m, int layer, size_t batch)
{
    const struct eo_network_layer *l = &m->network.layer[layer];
    size_t element = (size_t)eo_precision_activation_bytes(m->precision);
    size_t out_element = layer == m->network.count - 1 ? 4 : element;

    snprintf(to->name, sizeof(to->name), "%s", l->name);
    to->output_elements = eo_dims_elements(l->map) * batch;
    to->parameter_bytes = eo_model_layer_tensor_bytes(m, layer);
    to->activation_bytes = to->output_elements * out_element;
    to->macs_per_image = eo_network_layer_macs(l);
    to->macs = to->macs_per_image * batch;
    to->input_bytes = read_elements(&m->network, l) * element;
    to->output_bytes = eo_dims_elements(l->out) * out_element;
    to->weight_bytes = eo_network_weights(l) * element;
    to->fused_activation_bytes = to->input_bytes + to->output_bytes;
}

void eo_hw_model_make(struct eo_hw_model *hw, const struct eo_model *m, const char *sha256, size_t batch)
{
    memset(hw, 0, sizeof(*hw));
    hw->key = eo_candidate_key_of_model(m);
    snprintf(hw->sha256, sizeof(hw->sha256), "%s", sha256);
    hw->batch = batch;
    hw->count = m->network.count;
    for (int l = 0; l < hw->count; l++)
        make_layer(&hw->layer[l], m, l, batch);
}

size_t eo_hw_batch(const struct eo_model *m, const struct eo_sweep *sweep, const struct eo_config *cfg)
{
    struct eo_candidate_key key = eo_candidate_key_of_model(m);
    const struct eo_candidate *c = sweep ? eo_sweep_find(sweep, &key) : NULL;

    return c && c->batch_size >= 1 && c->batch_size <= 65536 ? (size_t)c->batch_size
                                                             : (size_t)cfg->batch_size;
}

static void put_layer(struct eo_buf *out, const struct eo_hw_model *m, const struct eo_hw_layer *l)
{
    eo_buf_printf(out, "%s,%zu,%zu,%zu,%zu,", l->name, l->output_elements, l->parameter_bytes,
                  l->activation_bytes, l->macs);
    eo_candidate_put_key(&m->key, out);
    eo_buf_printf(out, "%zu,%zu,%zu,%zu,%zu,%zu,", l->input_bytes, l->output_bytes, l->weight_bytes, m->batch,
                  l->macs_per_image, l->fused_activation_bytes);
    eo_csv_put_text(out, eo_criterion_name(m->key.criterion), ',');
    eo_csv_put_text(out, m->sha256, '\n');
}

void eo_hw_put_layers(const struct eo_hw_model *models, size_t count, struct eo_buf *out)
{
    eo_buf_puts(out,
                "layer,output_elements,parameter_bytes,activation_bytes,macs,pruning_level,precision,seed,"
                "input_bytes,output_bytes,weight_bytes,batch_size,macs_per_image,fused_activation_bytes,"
                "pruning_criterion,model_sha256\n");
    for (size_t i = 0; i < count; i++) {
        for (int l = 0; l < models[i].count; l++)
            put_layer(out, &models[i], &models[i].layer[l]);
    }
}

struct tradeoff {
    enum eo_precision precision;
    double rows, accuracy, latency, memory, energy, accepted;
};

/* Means over the rows of one precision. */
static void make_tradeoff(struct tradeoff *t, const struct eo_sweep *sweep, enum eo_precision precision)
{
    *t = (struct tradeoff){.precision = precision};
    for (size_t i = 0; i < sweep->row_count; i++) {
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
    int at, n = 0;

    for (int p = 0; p < EO_PRECISION_COUNT; p++) {
        make_tradeoff(&t, sweep, (enum eo_precision)p);
        if (t.rows == 0)
            continue;
        for (at = n++; at > 0 && list[at - 1].latency > t.latency; at--)
            list[at] = list[at - 1];
        list[at] = t;
    }
    eo_buf_puts(
        out, "precision,accuracy_mean,latency_ms_mean,memory_mb_mean,energy_proxy_j_mean,accepted_ratio\n");
    for (int i = 0; i < n; i++) {
        eo_csv_put_text(out, eo_precision_name(list[i].precision), ',');
        eo_csv_put_double(out, list[i].accuracy, ',');
        eo_csv_put_double(out, list[i].latency, ',');
        eo_csv_put_double(out, list[i].memory, ',');
        eo_csv_put_double(out, list[i].energy, ',');
        eo_csv_put_double(out, list[i].accepted, '\n');
    }
}

struct roofline {
    double total_bytes, total_macs;
    double bandwidth_gbps, configured_bandwidth_gbps, utilization;
    double gmacs, intensity, configured_peak_gmacs, knee;
    const char *regime;
    double batch_latency_ms;
};

static void make_roofline(struct roofline *s, const struct eo_hw_model *hw, const struct eo_candidate *c,
                          const struct eo_config *cfg)
{
    double seconds;

    memset(s, 0, sizeof(*s));
    for (int l = 0; l < hw->count; l++) {
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

static void put_summary_row(struct eo_buf *out, const struct roofline *s, const struct eo_hw_model *hw)
{
    eo_csv_put_count(out, s->total_bytes, ',');
    eo_csv_put_count(out, s->total_macs, ',');
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
    for (size_t i = 0; i < count; i++) {
        if (eo_candidate_equal(&models[i].key, &c->key))
            return &models[i];
    }
    return NULL;
}

static int put_candidate(const struct eo_candidate *c, const struct eo_hw_model *models, size_t count,
                         const struct eo_config *cfg, struct eo_buf *out, struct eo_err *err)
{
    const struct eo_hw_model *hw = find_model(models, count, c);
    struct roofline summary;
    char key[EO_CANDIDATE_TEXT];

    eo_candidate_key_text(&c->key, key);
    if (!hw)
        return eo_err_set(err, "no model given for %s", key);
    if (c->model_sha256[0] && strcmp(c->model_sha256, hw->sha256) != 0)
        return eo_err_set(err, "stale: %s was measured with model %.12s, given is %.12s", key,
                          c->model_sha256, hw->sha256);
    make_roofline(&summary, hw, c, cfg);
    put_summary_row(out, &summary, hw);
    return 0;
}

int eo_hw_put_summary(const struct eo_sweep *sweep, const struct eo_hw_model *models, size_t count,
                      const struct eo_config *cfg, struct eo_buf *out, struct eo_err *err)
{
    const struct eo_candidate *baseline = eo_sweep_baseline(sweep);

    eo_buf_puts(
        out, "estimated_total_bytes,estimated_total_macs,achieved_bandwidth_gbps,"
             "configured_memory_bandwidth_gbps,bandwidth_utilization,achieved_gmacs,"
             "arithmetic_intensity_macs_per_byte,configured_peak_compute_gmacs,roofline_knee_macs_per_byte,"
             "bound_regime,pruning_level,precision,seed,batch_size,batch_latency_ms,pruning_criterion,"
             "model_sha256\n");
    if (baseline && put_candidate(baseline, models, count, cfg, out, err))
        return -1;
    for (size_t i = 0; i < sweep->row_count; i++) {
        if (&sweep->rows[i] != baseline && put_candidate(&sweep->rows[i], models, count, cfg, out, err))
            return -1;
    }
    return 0;
}
