package io.github.pastkv.bench.cachebits;

import io.github.pastkv.bench.cachebits.Rounding.Levels;
import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.cli.options.TinyModelFolder;
import io.github.pastkv.lens.Hook;
import io.github.pastkv.lens.HookContext;
import io.github.pastkv.lens.Lens;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.ModelOptions;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.SessionOptions;
import io.github.pastkv.model.engine.StepInput;
import io.github.pastkv.model.generation.GenerationListener;
import io.github.pastkv.model.generation.GenerationOptions;
import io.github.pastkv.model.quality.StorageQuality;
import io.github.pastkv.model.sampling.SamplingOptions;
import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import io.github.pastkv.tinymodel.HeldOut;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Measures what caches of few bits would cost before there are kernels for them: each text runs in one step, in which
 * hooks round all keys and values before attention reads them, and its logits are compared with those over an f32
 * cache. On held-out stories for the shipped model, on texts that it samples itself for any other.
 *
 * <p>Run: {@code mvn -Dquick -DskipTests -pl bench -am package -DcacheBits="--texts 12"}
 */
@Command(name = "cache-bits", mixinStandardHelpOptions = true, sortOptions = false,
        description = "Measures what caches of few bits would cost.")
public final class CacheBitsCommand implements Callable<Integer> {
    private static final int MIN_TEXT_TOKENS = 16;

    @Option(names = "--model", paramLabel = "DIR",
            description = "Folder of a model. Default: the shipped one.") private @Nullable Path folder;

    @Option(names = "--start", paramLabel = "ID",
            description = "Token that sampled texts begin with. Default: 1.") private int start = 1;

    @Option(names = "--texts", paramLabel = "N", description = "Texts. Default: 12.") private int numTexts = 12;

    /** How keys and values are rounded; null for not at all. */
    private record Form(@Nullable Rounding keys, @Nullable Rounding values) {
        @Override
        public String toString() {
            return "| " + (keys == null ? "f32" : keys) + " | " + (values == null ? "f32" : values) + " |";
        }
    }

    private CacheBitsCommand() {}

    /** The command. */
    public static void main(String[] args) {
        System.exit(new CommandLine(new CacheBitsCommand()).execute(args));
    }

    @Override
    public Integer call() throws IOException {
        ModelOptions options = ModelOptions.defaults().withoutTokenizer().withNumThreads(1);
        try (Model model = Model.load(folder == null ? TinyModelFolder.require() : folder, options)) {
            List<int[]> texts = folder == null ? heldOut() : sampled(model);
            System.out.printf(Locale.ROOT, "%d texts, %d tokens, %d elements per head%n", texts.size(),
                    texts.stream().mapToInt(text -> text.length).sum(), model.config().headDim());
            System.out.println("a q8 cache itself: mean KL " + meanKlOfQ8(model, texts));
            System.out.println("| keys | values | of f16's bytes | mean KL | largest KL |");
            System.out.println("|---|---|---|---|---|");
            Lens lens = new Lens(model);
            List<Tensor> exact = texts.stream().map(text -> run(lens, text)).toList();
            for (Form form : forms(model.config().headDim())) {
                measure(lens, texts, exact, form);
            }
        }
        return 0;
    }

    /** What the first row of the table must repeat: the same rounding, by the cache. */
    private static double meanKlOfQ8(Model model, List<int[]> texts) {
        return StorageQuality.measure(model, List.of(SessionOptions.defaults().withKvType(KvType.Q8)), texts, _ -> {})
                .getFirst().meanKl();
    }

    private List<int[]> heldOut() throws IOException {
        try (InputStream stream = HeldOut.TEXT.open()) {
            JsonNode documents = JsonMapper.shared().readTree(stream).required("documents");
            return StreamSupport.stream(documents.spliterator(), false).limit(numTexts)
                    .map(document -> StreamSupport.stream(document.required("tokens").spliterator(), false)
                            .mapToInt(JsonNode::asInt).toArray())
                    .toList();
        }
    }

    private List<int[]> sampled(Model model) {
        List<int[]> texts = new ArrayList<>();
        GenerationOptions options = GenerationOptions.greedy(model.config().maxSeqLen() - 1)
                .withStopTokens(Set.of(start));
        try (Session session = model.newSession()) {
            for (int seed = 1; texts.size() < numTexts; seed++) {
                session.reset();
                List<Integer> ids = session.generate(new int[][] {{start}},
                        options.withSampling(SamplingOptions.GREEDY.withTemperature(1).withSeed(seed)),
                        GenerationListener.NONE).rows().getFirst().tokenIds();
                if (ids.size() >= MIN_TEXT_TOKENS) {
                    texts.add(IntStream.concat(IntStream.of(start), ids.stream().mapToInt(id -> id)).toArray());
                }
            }
        }
        return texts;
    }

    private static List<Form> forms(int headDim) {
        List<Form> forms = new ArrayList<>();
        forms.add(both(new Rounding(8, 32, Levels.SYMMETRIC, false)));
        for (int groupSize : new int[] {32, 16}) {
            if (groupSize == 32 || groupSize < headDim) { // smaller heads are one group either way
                for (Levels levels : Levels.values()) {
                    Rounding plain = new Rounding(4, groupSize, levels, false);
                    Rounding rotated = new Rounding(4, groupSize, levels, true);
                    forms.addAll(List.of(both(plain), new Form(rotated, plain), both(rotated), new Form(plain, null),
                            new Form(rotated, null), new Form(null, plain), new Form(null, rotated)));
                }
            }
        }
        Rounding eight = new Rounding(8, 32, Levels.SYMMETRIC, false);
        forms.add(new Form(eight, new Rounding(4, 32, Levels.FITTED, false)));
        for (int bits : new int[] {5, 6}) {
            forms.add(both(new Rounding(bits, 32, Levels.SYMMETRIC, false)));
            forms.add(new Form(new Rounding(bits, 32, Levels.SYMMETRIC, true),
                    new Rounding(bits, 32, Levels.SYMMETRIC, false)));
        }
        return forms;
    }

    private static Form both(Rounding rounding) {
        return new Form(rounding, rounding);
    }

    private static void measure(Lens lens, List<int[]> texts, List<Tensor> exact, Form form) {
        List<Hook> hooks = new ArrayList<>();
        if (form.keys() != null) {
            hooks.add(rounding("blocks.*.attn.hook_past_k", form.keys()));
        }
        if (form.values() != null) {
            hooks.add(rounding("blocks.*.attn.hook_past_v", form.values()));
        }
        double sum = 0;
        double largest = 0;
        int numTokens = 0;
        for (int text = 0; text < texts.size(); text++) {
            Tensor rough = run(lens, texts.get(text), hooks.toArray(Hook[]::new));
            for (int token = 0; token < texts.get(text).length; token++) {
                double divergence = divergence(row(exact.get(text), token), row(rough, token));
                sum += divergence;
                largest = Math.max(largest, divergence);
                numTokens++;
            }
        }
        System.out.printf(Locale.ROOT, "%s %.3f | %.2e | %.2e |%n", form, share(form, lens.model().config().headDim()),
                sum / numTokens, largest);
    }

    private static double share(Form form, int headDim) {
        double keyBits = form.keys() == null ? Float.SIZE : form.keys().bitsPerElement(headDim);
        double valueBits = form.values() == null ? Float.SIZE : form.values().bitsPerElement(headDim);
        return (keyBits + valueBits) / (2 * Short.SIZE);
    }

    private static Hook rounding(String hooks, Rounding rounding) {
        return Hook.edit(hooks, (Tensor heads, HookContext _) -> {
            int headDim = (int) heads.shape(heads.rank() - 1);
            float[] numbers = heads.toFloatArray();
            float[] head = new float[headDim];
            for (int from = 0; from < numbers.length; from += headDim) {
                System.arraycopy(numbers, from, head, 0, headDim);
                rounding.apply(head);
                System.arraycopy(head, 0, numbers, from, headDim);
            }
            heads.copyFrom(Tensor.of(numbers, heads.shape()));
        });
    }

    private static Tensor run(Lens lens, int[] text, Hook... hooks) {
        return lens.run(StepInput.tokens(text), hooks).logits();
    }

    private static double[] row(Tensor logits, int token) {
        double[] row = new double[(int) logits.shape(2)];
        long start = token * logits.stride(1) * Float.BYTES;
        for (int id = 0; id < row.length; id++) {
            row[id] = DataType.F32.read(logits.segment(), start + 4L * id);
        }
        return row;
    }

    /** KL divergence from {@code p} to {@code q}, given as logits, in nats. */
    private static double divergence(double[] p, double[] q) {
        double pLog = logSum(p);
        double qLog = logSum(q);
        double sum = 0;
        for (int id = 0; id < p.length; id++) {
            sum += Math.exp(p[id] - pLog) * (p[id] - pLog - (q[id] - qLog));
        }
        return Math.max(sum, 0); // what is left of equal distributions is rounding
    }

    private static double logSum(double[] logits) {
        double largest = Double.NEGATIVE_INFINITY;
        for (double logit : logits) {
            largest = Math.max(largest, logit);
        }
        double sum = 0;
        for (double logit : logits) {
            sum += Math.exp(logit - largest);
        }
        return largest + Math.log(sum);
    }
}
