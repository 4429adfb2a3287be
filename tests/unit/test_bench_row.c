/* lib/stage/bench/row: the columns of eo-bench's tables, and that each figure stands in its own. */
#include <math.h>
#include <stdlib.h>
#include <stdint.h>
#include <string.h>

#include "format/csv.h"
#include "stage/bench/row.h"
#include "tests/unit/check.h"

/* Every figure has a value of its own. */
static struct eo_timing timing(double first)
{
    struct eo_timing t = {.samples = (size_t)first, .effective_samples = first + 0.5};

    t.mean = first + 1;
    t.median = first + 2;
    t.min = first + 3;
    t.std = first + 4;
    t.mad = first + 5;
    t.median_q = (struct eo_quantile){first + 2, first + 6, first + 7, first + 0.5};
    t.p95 = (struct eo_quantile){first + 8, first + 9, first + 10, 0};
    t.p99 = (struct eo_quantile){first + 11, first + 12, NAN, 0};
    t.throughput_sps = first + 14;
    return t;
}

static struct eo_verdict verdict(void)
{
    struct eo_verdict v = {
        .status = EO_TIMING_NOISY, .reason = "why", .rounds = 12, .disturbed = 3, .used = 9};

    v.size[EO_BENCH_BATCH] = timing(100);
    v.size[EO_BENCH_SINGLE] = timing(200);
    v.conditions = (struct eo_round_conditions){.reference_ns = 300,
                                                .involuntary_switches = 301,
                                                .voluntary_switches = 302,
                                                .migrations = 303,
                                                .page_faults = 304,
                                                .resident_bytes = 305};
    v.reference_slowdown = 306;
    v.lost_share = 307;
    v.steal_share = 308;
    v.frequency_change = NAN;
    v.counts[EO_BENCH_BATCH] = (struct eo_counts){4, 8, 402, 403, 404, 405, 406, 407};
    v.counts[EO_BENCH_SINGLE] = (struct eo_counts){NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
    return v;
}

struct cell {
    const char *column, *value;
};

/* All columns in their order. */
static const struct cell cells[] = {
    {"pruning_level", "0.50"},
    {"precision", "fp32"},
    {"seed", "18446744073709551615"},
    {"model_sha256", "ab"},
    {"isa", "generic"},
    {"kernel", "k"},
    {"threads", "3"},
    {"batch_size", "4"},
    {"samples", "100"},
    {"host_latency_ms", "101.0"},
    {"host_latency_median_ms", "102.0"},
    {"host_latency_std_ms", "104.0"},
    {"host_latency_p95_ms", "108.0"},
    {"host_latency_min_ms", "103.0"},
    {"host_throughput_sps", "114.0"},
    {"host_batch_latency_ms", "404.0"},
    {"host_single_latency_ms", "201.0"},
    {"host_single_latency_median_ms", "202.0"},
    {"host_single_latency_std_ms", "204.0"},
    {"host_single_latency_p95_ms", "208.0"},
    {"host_single_latency_min_ms", "203.0"},
    {"host_single_throughput_sps", "214.0"},
    {"model_bytes", "81960"},
    {"peak_activation_bytes", "18816"},
    {"workspace_bytes", "77"},
    {"macs", "1031744"},
    {"parameters", "20490"},
    {"pruning_criterion", "l1"},
    {"timing_status", "noisy"},
    {"timing_reason", "why"},
    {"rounds", "12"},
    {"rounds_disturbed", "3"},
    {"samples_effective", "100.5"},
    {"host_latency_mad_ms", "105.0"},
    {"host_latency_p99_ms", "111.0"},
    {"host_latency_median_ci95_low_ms", "106.0"},
    {"host_latency_median_ci95_high_ms", "107.0"},
    {"host_latency_p95_ci95_low_ms", "109.0"},
    {"host_latency_p95_ci95_high_ms", "110.0"},
    {"host_latency_p99_ci95_low_ms", "112.0"},
    {"host_latency_p99_ci95_high_ms", ""},
    {"host_single_samples", "200"},
    {"host_single_samples_effective", "200.5"},
    {"host_single_latency_mad_ms", "205.0"},
    {"host_single_latency_p99_ms", "211.0"},
    {"host_single_latency_median_ci95_low_ms", "206.0"},
    {"host_single_latency_median_ci95_high_ms", "207.0"},
    {"host_single_latency_p95_ci95_low_ms", "209.0"},
    {"host_single_latency_p95_ci95_high_ms", "210.0"},
    {"host_single_latency_p99_ci95_low_ms", "212.0"},
    {"host_single_latency_p99_ci95_high_ms", ""},
    {"session", "0123456789abcdef"},
    {"cpu", "0-1"},
    {"reference_ns", "300.0"},
    {"reference_slowdown", "306.0"},
    {"lost_share", "307.0"},
    {"involuntary_switches", "301"},
    {"migrations", "303"},
    {"steal_share", "308.0"},
    {"frequency_change", ""},
    {"cycles", "4.0"},
    {"instructions", "8.0"},
    {"ipc", "2.0"},
    {"l1d_misses", "402.0"},
    {"llc_misses", "403.0"},
    {"branch_misses", "404.0"},
    {"single_cycles", ""},
    {"single_instructions", ""},
    {"single_ipc", ""},
    {"single_l1d_misses", ""},
    {"single_llc_misses", ""},
    {"single_branch_misses", ""},
    {"page_faults", "304"},
    {"context_switches", "603"},
    {"counters_note", "no PMU, none"},
    {"energy_measured_j", "500.0"},
    {"energy_source", "rapl"},
    {"idle_power_w", "501.0"},
    {"arena_bytes", "502"},
    {"unfused_arena_bytes", ""},
    {"resident_bytes", "305"},
    {"node", "n1"},
    {"node_kind", "fast"},
};
#define CELLS (sizeof(cells) / sizeof(cells[0]))

static int make_model(struct eo_model *m)
{
    struct eo_shape shape = {16, 32};

    return eo_model_init(m, EO_FP32, shape, NULL) || eo_model_meta_set(m, "pruning_level", "0.5", NULL) ||
           eo_model_meta_set(m, "seed", "18446744073709551615", NULL);
}

static void test_row(const struct eo_model *m)
{
    struct eo_verdict v = verdict();
    struct eo_bench_row row;
    struct eo_buf out = {0};
    struct eo_csv csv = {0};

    eo_bench_row_init(&row);
    row.model = m;
    row.model_sha256 = "ab";
    row.isa = "generic";
    row.kernel = "k";
    row.threads = 3;
    row.batch = 4;
    row.workspace_bytes = 77;
    row.verdict = &v;
    row.session = "0123456789abcdef";
    row.cpu = "0-1";
    row.counters_note = "no PMU, none";
    row.energy_measured_j = 500;
    row.energy_source = "rapl";
    row.node = "n1";
    row.node_kind = "fast";
    row.idle_power_w = 501;
    row.arena_bytes = 502;
    eo_bench_row_put_header(&out);
    eo_bench_row_put(&out, &row);
    if (!check_that(eo_csv_parse(&csv, out.data, out.len, NULL) == 0 && csv.columns == CELLS && csv.rows == 1,
                    "expected 1 row of %zu columns, found %zu of %zu", CELLS, csv.rows, csv.columns))
        goto out;
    for (size_t i = 0; i < CELLS; i++) {
        check_text("column", cells[i].column, csv.cells[i]);
        check_text(cells[i].column, cells[i].value, csv.cells[CELLS + i]);
    }
out:
    eo_csv_release(&csv);
    eo_buf_release(&out);
}

/* A row of which hardly anything is known has empty fields, not zeros. */
static void test_empty_row(const struct eo_model *m)
{
    static const char *const empty[] = {"model_sha256",  "session",           "cpu",
                                        "counters_note", "energy_measured_j", "energy_source",
                                        "idle_power_w",  "arena_bytes",       "unfused_arena_bytes"};
    struct eo_verdict v = verdict();
    struct eo_bench_row row;
    struct eo_buf out = {0};
    struct eo_csv csv = {0};

    eo_bench_row_init(&row);
    row.model = m;
    row.verdict = &v;
    eo_bench_row_put_header(&out);
    eo_bench_row_put(&out, &row);
    check_that(eo_csv_parse(&csv, out.data, out.len, NULL) == 0, "a row that can be read");
    for (size_t i = 0; i < sizeof(empty) / sizeof(empty[0]); i++)
        check_text(empty[i], "", eo_csv_cell(&csv, 0, eo_csv_column(&csv, empty[i])));
    eo_csv_release(&csv);
    eo_buf_release(&out);
}

static void test_tables(const struct eo_model *m)
{
    double batch[] = {0.004, 0.016, 0.008}, single[] = {0.5, 0.25};
    struct eo_round list[] = {
        {.number = 3,
         .slot = 1,
         .size = {{4, 1, 3, batch, 11, 0}, {1, 70, 2, single, 7, 0}},
         .conditions = {.reference_ns = 110,
                        .wall_s = 0.5,
                        .cpu_s = 0.25,
                        .waited_s = 0.125,
                        .involuntary_switches = 2,
                        .voluntary_switches = 9,
                        .migrations = 1,
                        .page_faults = 7,
                        .steal_s = 0.01,
                        .frequency_start_khz = 3000000,
                        .frequency_end_khz = NAN,
                        .resident_bytes = 4096}},
        {.number = 5,
         .size = {{1, 1, 1, batch, 0, 0}, {1, 1, 0, NULL, 0, 0}},
         .conditions = {.reference_ns = NAN, .wall_s = 1, .cpu_s = 1, .waited_s = NAN}},
    };
    struct eo_rounds rounds = {list, 2};
    struct eo_buf out = {0};

    eo_bench_rounds_put_header(&out);
    eo_bench_rounds_put(&out, m, "00ff", &rounds, 100);
    check_text(
        "rounds",
        "pruning_level,precision,seed,session,round,slot,disturbed,batch_size,samples,host_median_ms,"
        "host_mean_ms,single_samples,host_single_median_ms,host_single_mean_ms,reference_ns,wall_s,cpu_s,"
        "involuntary_switches,migrations,page_faults,steal_s,frequency_start_khz,frequency_end_khz,"
        "resident_bytes,pruning_criterion,waited_s,samples_interrupted,single_samples_interrupted\n"
        "0.50,fp32,18446744073709551615,00ff,3,1,1,4,3,2.0,2.3333333333333335,2,375.0,375.0,110.0,0.5,0.25,"
        "2,1,7,0.01,3000000,,4096,l1,0.125,11,7\n"
        "0.50,fp32,18446744073709551615,00ff,5,0,0,1,1,4.0,4.0,1,4.0,4.0,,1.0,1.0,0,0,0,0.0,0,0,0,l1,,0,0\n",
        out.data);
    eo_buf_release(&out);
    out = (struct eo_buf){0};
    eo_bench_samples_put_header(&out);
    eo_bench_samples_put(&out, m, &rounds, 100);
    check_text(
        "samples",
        "trial,sample,batch,calls,seconds_per_call,disturbed,pruning_level,precision,seed,pruning_criterion\n"
        "3,0,4,1,0.004,1,0.50,fp32,18446744073709551615,l1\n"
        "3,1,4,1,0.016,1,0.50,fp32,18446744073709551615,l1\n"
        "3,2,4,1,0.008,1,0.50,fp32,18446744073709551615,l1\n"
        "3,0,1,70,0.5,1,0.50,fp32,18446744073709551615,l1\n"
        "3,1,1,70,0.25,1,0.50,fp32,18446744073709551615,l1\n"
        "5,0,1,1,0.004,0,0.50,fp32,18446744073709551615,l1\n",
        out.data);
    eo_buf_release(&out);
}

/*
 * More samples than fit the address space, or whose bytes are 0 when they are counted in a size_t: a failure is seen.
 */
static void test_no_memory(const struct eo_model *m)
{
    double second = 1;
    struct eo_round round = {
        .size = {{4, 1, SIZE_MAX / sizeof(double) + 1, &second, 0, 0}, {1, 1, 1, &second, 0, 0}}};
    struct eo_rounds rounds = {&round, 1};
    struct eo_buf out = {0};
    struct eo_err err = {0};

    eo_bench_rounds_put(&out, m, "00ff", &rounds, NAN);
    check_that(eo_buf_check(&out, &err) == -1, "figures that cannot be had: expected a failure");
    eo_buf_release(&out);
}

int main(void)
{
    struct eo_model m = {0};

    if (!make_model(&m)) {
        test_row(&m);
        test_empty_row(&m);
        test_tables(&m);
        test_no_memory(&m);
    } else {
        check_that(0, "model");
    }
    eo_model_release(&m);
    return check_report("test_bench_row");
}
