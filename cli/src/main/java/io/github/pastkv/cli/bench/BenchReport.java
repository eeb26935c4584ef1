package io.github.pastkv.cli.bench;

import io.github.pastkv.cli.io.ByteSize;
import io.github.pastkv.model.Model;
import java.util.Locale;
import java.util.OptionalDouble;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * A bench in words and numbers: a table for people, which is Markdown, or one JSON object for each row.
 *
 * @param modelName name of the model
 * @param kvType type of the cache
 * @param compute type of the arithmetic
 * @param loadSeconds time that loading the model took
 * @param sharedTokens tokens of a case's past that all its rows share, if it is that deep
 */
record BenchReport(Model model, String modelName, String kvType, String compute, double loadSeconds,
        int sharedTokens) {
    private static final String FORM =
            "| %-6s | %5s | %6s | %9s | %17s | %9s | %10s | %6s | %7s | %8s | %7s | %10s | %8s |%n";
    private static final double GIGA = 1e9;

    /** What the numbers belong to, and the head of the table. */
    String head(double multiplyAddLimit) {
        return String.format(Locale.ROOT,
                "%s: %,d parameters%s, weights %s, cache %s, compute %s on %s, threads %d%s; loaded in %.1f s%n"
                        + "limit of multiply-adds: %.1f GFLOP/s (f32); limit of reading: beside each row, over a "
                        + "buffer of as many bytes%n%n",
                modelName, model.numParameters(), active(), new ByteSize(model.packedBytes()), kvType, compute,
                model.kernels().kernels().name(), model.options().numThreads(),
                sharedTokens == 0 ? "" : ", " + sharedTokens + " tokens shared by all rows", loadSeconds,
                2 * multiplyAddLimit / GIGA)
                + String.format(Locale.ROOT, FORM, "test", "batch", "depth", "tok/s", "from .. to", "ms/pass",
                        "MB/pass", "GB/s", "of read", "GFLOP/s", "of fma", "cache GB/s", "of read")
                + "|--------|------:|-------:|----------:|------------------:|----------:|-----------:|-------:"
                + "|--------:|---------:|--------:|-----------:|---------:|" + System.lineSeparator();
    }

    private String active() {
        return model.config().experts() == null ? ""
                : String.format(Locale.ROOT, " (%,d for a token)", model.numActiveParameters());
    }

    /** A row of the table; {@code shallow} is the same case at depth 0, or the case itself where there is none. */
    String line(BenchResult result, BenchResult shallow) {
        OptionalDouble cache = result.cacheBytesPerSecond(shallow);
        return String.format(Locale.ROOT, FORM, result.test().name(), result.test().batchSize(),
                result.test().depth(), number(result.tokensPerSecond()),
                number(result.minTokensPerSecond()) + " .. " + number(result.maxTokensPerSecond()),
                String.format(Locale.ROOT, "%.3f", 1e3 * result.medianSeconds() / result.numPasses()),
                number(result.bytesPerPass() / 1e6), number(result.bytesPerSecond() / GIGA),
                share(result.bytesPerSecond() / result.readLimit()),
                number(2 * result.multiplyAddsPerSecond() / GIGA),
                share(result.multiplyAddsPerSecond() / result.multiplyAddLimit()),
                cache.isEmpty() ? "" : number(cache.getAsDouble() / GIGA),
                cache.isEmpty() ? "" : share(cache.getAsDouble() / result.readLimit()));
    }

    private static String number(double number) {
        return String.format(Locale.ROOT, "%.1f", number);
    }

    private static String share(double share) {
        return String.format(Locale.ROOT, "%.2f", share);
    }

    /** One object, its keys always in this order; rates are per second, in bytes, flops and tokens. */
    ObjectNode json(BenchResult result, BenchResult shallow) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("model", modelName).put("parameters", model.numParameters());
        json.put("active_parameters", model.numActiveParameters());
        json.put("weight_bytes", model.packedBytes()).put("kv_type", kvType).put("compute", compute);
        json.put("kernels", model.kernels().kernels().name()).put("threads", model.options().numThreads());
        json.put("load_seconds", loadSeconds);
        json.put("test", result.test().name()).put("batch", result.test().batchSize());
        json.put("depth", result.test().depth()).put("shared", Math.min(sharedTokens, result.test().depth()));
        json.put("tokens", result.test().totalTokens());
        json.put("passes", result.numPasses()).put("tokens_per_second", result.tokensPerSecond());
        json.put("min_tokens_per_second", result.minTokensPerSecond());
        json.put("max_tokens_per_second", result.maxTokensPerSecond());
        json.put("read_bytes_per_pass", result.bytesPerPass()).put("read_rate", result.bytesPerSecond());
        json.put("read_limit", result.readLimit()).put("read_share", result.bytesPerSecond() / result.readLimit());
        json.put("flops", 2 * result.multiplyAddsPerSecond()).put("flops_limit", 2 * result.multiplyAddLimit());
        json.put("flops_share", result.multiplyAddsPerSecond() / result.multiplyAddLimit());
        OptionalDouble cache = result.cacheBytesPerSecond(shallow);
        json.put("cache_read_rate", cache.isEmpty() ? null : (Double) cache.getAsDouble());
        json.put("cache_read_share", cache.isEmpty() ? null : (Double) (cache.getAsDouble() / result.readLimit()));
        ArrayNode seconds = json.putArray("seconds");
        result.seconds().forEach(seconds::add);
        return json;
    }
}
