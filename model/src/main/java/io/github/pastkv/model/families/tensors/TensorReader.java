package io.github.pastkv.model.families.tensors;

import io.github.pastkv.kernels.weights.WeightMatrix;
import io.github.pastkv.model.config.AttentionConfig;
import io.github.pastkv.model.family.NormTensors;
import io.github.pastkv.model.files.ModelFormatException;
import io.github.pastkv.model.files.TensorEntry;
import io.github.pastkv.model.files.WeightSource;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Reads the tensors of a source by name and shape, and records which were read. */
public final class TensorReader {
    /** What stands before the names of a text model inside a multimodal one. */
    private static final List<String> OUTER_PREFIXES = List.of("", "language_model.", "model.language_model.");

    private static final Pattern NOTHING = Pattern.compile("");

    private final WeightSource weights;
    private final String prefix;
    private String embeddingName = "";
    private final Set<String> readNames = new HashSet<>();
    private final Map<String, WeightMatrix> linears = new LinkedHashMap<>();

    /**
     * A reader of a source whose names may or may not begin with {@code optionalPrefix}.
     *
     * @param knownNames tensors of which one is surely there, by their names without the prefix
     */
    public TensorReader(WeightSource weights, String optionalPrefix, String... knownNames) {
        this(weights, List.of("", optionalPrefix), knownNames);
    }

    /**
     * A reader of a source whose names begin with one of {@code prefixes}, the last if all {@code knownNames} are
     * missing. Text models inside multimodal ones have a further prefix before these.
     */
    public TensorReader(WeightSource weights, List<String> prefixes, String... knownNames) {
        this.weights = weights;
        Set<String> names = weights.names();
        this.prefix = OUTER_PREFIXES.stream().flatMap(outer -> prefixes.stream().map(outer::concat))
                .filter(each -> Stream.of(knownNames).anyMatch(name -> names.contains(each + name))).findFirst()
                .orElse(prefixes.getLast());
    }

    /** A tensor of the given shape, its name without the prefix. */
    public Tensor tensor(String name, long... shape) throws ModelFormatException {
        return unprefixed(prefix + name, shape);
    }

    /** A tensor {@code [width]} that may be stored as {@code [1, width]}. */
    public Tensor row(String name, int width) throws ModelFormatException {
        boolean isMatrix = weights.entry(prefix + name).filter(entry -> entry.shape().size() == 2).isPresent();
        return isMatrix ? tensor(name, 1, width).reshape(width) : tensor(name, width);
    }

    /** The bytes of a tensor of unsigned bytes of the given shape, its name without the prefix. */
    public MemorySegment bytes(String name, long... shape) throws ModelFormatException {
        String fullName = prefix + name;
        List<Long> expected = Arrays.stream(shape).boxed().toList();
        Optional<TensorEntry> entry = weights.entry(fullName);
        if (entry.isEmpty() || !entry.get().dtype().equals("U8") || !entry.get().shape().equals(expected)) {
            throw new ModelFormatException(weights.fileOf(fullName),
                    "tensor " + fullName + ": " + entry.map(is -> "is " + is.dtype() + is.shape()).orElse("missing")
                            + ", the configuration asks for U8" + expected);
        }
        readNames.add(fullName);
        return weights.bytes(fullName);
    }

    /** Counts a weight that was read in a way of its own among {@link #linears}, its name without the prefix. */
    public void addLinear(String name, WeightMatrix weight) {
        linears.put(prefix + name, weight);
    }

    /** A tensor of the given shape that never has the prefix. */
    public Tensor unprefixed(String name, long... shape) throws ModelFormatException {
        readNames.add(name);
        return weights.tensor(name, shape);
    }

    /**
     * The embedding; where head and embedding are tied, a file may hold the two under the name of the head alone.
     *
     * @param headName the head's name, which never has the prefix
     */
    public WeightMatrix embedding(String name, String headName, boolean tied, int vocabSize, int width)
            throws ModelFormatException {
        boolean isUnderHead = tied && !weights.names().contains(prefix + name)
                && weights.names().contains(outer(headName));
        embeddingName = isUnderHead ? outer(headName) : prefix + name;
        readNames.add(embeddingName);
        return weights.table(embeddingName, vocabSize, width);
    }

    /**
     * The head under a name that never has the prefix. Where it is tied, it is the embedding, unless the file holds a
     * head that differs from it: then that one counts, as in transformers.
     */
    public List<WeightMatrix> head(WeightMatrix embedding, boolean tied, String name) throws ModelFormatException {
        String headName = outer(name);
        if (tied && !weights.names().contains(headName)) {
            return List.of(embedding);
        }
        if (tied && repeatsEmbedding(headName)) {
            readNames.add(headName);
            return List.of(embedding);
        }
        return List.of(unbiased(headName, WeightSource.Layout.OUTPUTS_FIRST, Math.toIntExact(embedding.numOutputs()),
                Math.toIntExact(embedding.numInputs())));
    }

    private boolean repeatsEmbedding(String headName) throws ModelFormatException {
        return headName.equals(embeddingName)
                || weights.bytes(headName).mismatch(weights.bytes(embeddingName)) == -1;
    }

    /** A name without the prefix, within a multimodal model if it is only there. */
    private String outer(String name) {
        return OUTER_PREFIXES.stream().map(outer -> outer + name).filter(weights.names()::contains).findFirst()
                .orElse(name);
    }

    /** Weight and, if {@code biased}, bias of a norm of {@code width} elements. */
    public NormTensors norm(String name, int width, boolean biased) throws ModelFormatException {
        return new NormTensors(tensor(name + ".weight", width), biased ? tensor(name + ".bias", width) : null);
    }

    /** A linear part stored as {@code [outputs, inputs]}. */
    public WeightMatrix linear(String name, int outputs, int inputs, boolean biased) throws ModelFormatException {
        return linear(name, WeightSource.Layout.OUTPUTS_FIRST, outputs, inputs, biased);
    }

    /** A linear part stored as {@code [inputs, outputs]}. */
    public WeightMatrix transposedLinear(String name, int outputs, int inputs, boolean biased)
            throws ModelFormatException {
        return linear(name, WeightSource.Layout.INPUTS_FIRST, outputs, inputs, biased);
    }

    private WeightMatrix linear(String name, WeightSource.Layout layout, int outputs, int inputs, boolean biased)
            throws ModelFormatException {
        Tensor bias = biased ? tensor(name + ".bias", outputs) : null;
        WeightMatrix weight = unbiased(prefix + name + ".weight", layout, outputs, inputs);
        return weight.withBias(bias);
    }

    private WeightMatrix unbiased(String name, WeightSource.Layout layout, int outputs, int inputs)
            throws ModelFormatException {
        readNames.add(name);
        WeightMatrix weight = weights.linear(name, layout, outputs, inputs);
        linears.put(name, weight);
        return weight;
    }

    /** The names of all tensors that were read. */
    public Set<String> names() {
        return readNames;
    }

    /** What was read as linear weights, by the name of the weight in the file; a tied head is not among them. */
    public Map<String, WeightMatrix> linears() {
        return linears;
    }

    /**
     * Queries, keys and values stored as one and head by head, {@code [H, (query, key, value), D]}: their rows in the
     * order of the forward pass, all heads' queries, then keys, then values. Views, nothing is copied.
     */
    public List<WeightMatrix> interleavedQkv(String name, int numHeads, int headDim, boolean biased)
            throws ModelFormatException {
        int width = numHeads * headDim;
        WeightMatrix stored = linear(name, 3 * width, width, biased);
        List<WeightMatrix> parts = new ArrayList<>();
        for (int third = 0; third < 3; third++) {
            for (int head = 0; head < numHeads; head++) {
                long first = (3L * head + third) * headDim;
                parts.add(stored.outputs(first, first + headDim));
            }
        }
        return parts;
    }

    /**
     * Queries, keys and values stored as one and group by group, {@code [K, (H / K queries, key, value), D]}: all
     * queries, then keys, then values. Views, nothing is copied.
     */
    public List<WeightMatrix> groupedQkv(String name, AttentionConfig heads, int numInputs, boolean biased)
            throws ModelFormatException {
        int d = heads.headDim();
        int perGroup = heads.numHeads() / heads.numKvHeads();
        WeightMatrix stored = linear(name, (heads.numHeads() + 2 * heads.numKvHeads()) * d, numInputs, biased);
        List<WeightMatrix> queries = new ArrayList<>();
        List<WeightMatrix> keys = new ArrayList<>();
        List<WeightMatrix> values = new ArrayList<>();
        for (int group = 0; group < heads.numKvHeads(); group++) {
            long first = (long) group * (perGroup + 2) * d;
            long key = first + (long) perGroup * d;
            queries.add(stored.outputs(first, key));
            keys.add(stored.outputs(key, key + d));
            values.add(stored.outputs(key + d, key + 2L * d));
        }
        return Stream.of(queries, keys, values).flatMap(List::stream).toList();
    }

    /** Whether there is a tensor of this name without the prefix. */
    public boolean has(String name) {
        return weights.names().contains(prefix + name);
    }

    /** Whether there is a tensor of this name, which never has the prefix. */
    public boolean hasUnprefixed(String name) {
        return weights.names().contains(name);
    }

    /** Refuses tensors that were not read and whose names without the prefix do not match {@code ignoredNames}. */
    public void refuseUnknown(Pattern ignoredNames) throws ModelFormatException {
        refuseUnknown(ignoredNames, NOTHING);
    }

    /**
     * The same where a larger model holds other parts.
     *
     * @param otherParts what their names match, prefix included
     */
    public void refuseUnknown(Pattern ignoredNames, Pattern otherParts) throws ModelFormatException {
        Predicate<String> ignored = name -> ignoredNames
                .matcher(name.startsWith(prefix) ? name.substring(prefix.length()) : name).matches()
                || otherParts.matcher(name).matches();
        for (String name : weights.names().stream().sorted().toList()) {
            if (!readNames.contains(name) && !ignored.test(name)) {
                throw new ModelFormatException(weights.fileOf(name),
                        "tensor " + name + ": the configuration has no place for it");
            }
        }
    }
}
