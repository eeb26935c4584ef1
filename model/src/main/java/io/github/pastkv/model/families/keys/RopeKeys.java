package io.github.pastkv.model.families.keys;

import io.github.pastkv.model.config.AlphaNtkRope;
import io.github.pastkv.model.config.DefaultRope;
import io.github.pastkv.model.config.DynamicNtkRope;
import io.github.pastkv.model.config.LinearRope;
import io.github.pastkv.model.config.Llama3Rope;
import io.github.pastkv.model.config.LongRope;
import io.github.pastkv.model.config.RopeConfig;
import io.github.pastkv.model.config.RopeScaling;
import io.github.pastkv.model.config.YarnRope;
import io.github.pastkv.model.files.JsonObject;
import io.github.pastkv.model.files.ModelFormatException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Rotary settings of {@code config.json}, in both spellings: {@code rope_parameters} (transformers 5), or
 * {@code rope_theta}, {@code partial_rotary_factor} and {@code rope_scaling} with {@code rope_type} or {@code type}
 * (before). Rules and defaults are those of modeling_rope_utils of transformers 5.
 */
public final class RopeKeys {
    /** A rotary type; a further one is one further class and one further line here. */
    private static final Map<String, Reader> TYPES = Map.of("default", (_, _) -> new DefaultRope(), "linear",
            (json, _) -> new LinearRope(json.requirePositive("factor")), "dynamic", RopeKeys::dynamic, "llama3",
            RopeKeys::llama3, "yarn", RopeKeys::yarn, "longrope", RopeKeys::longRope, "dynamic_alpha",
            RopeKeys::alphaNtk, "longrope_mscale", RopeKeys::longRopeWithScales, "llama4",
            RopeKeys::llama4);

    /** What is known besides the settings themselves. */
    private record Context(int rotaryDim, int maxSeqLen, OptionalInt outerOriginal) {
        /** The context first trained for: named beside the settings, or in them, or the context of now. */
        int originalMaxSeqLen(JsonObject json) throws ModelFormatException {
            OptionalInt inner = json.findInt("original_max_position_embeddings", 1, CommonKeys.MAX_SEQ_LEN);
            return outerOriginal.orElse(inner.orElse(maxSeqLen));
        }
    }

    @FunctionalInterface
    private interface Reader {
        RopeScaling read(JsonObject json, Context context) throws ModelFormatException;
    }

    /**
     * How a family spells what stands outside the settings, and what holds where nothing is said.
     *
     * @param thetaKey key of the base
     * @param theta the base
     * @param partKey key of the part of a head that is turned
     * @param part that part, in (0, 1]
     * @param aliases other names of types
     */
    public record Spelling(String thetaKey, double theta, String partKey, double part, Map<String, String> aliases) {
        /** The usual keys, the whole head, base 10,000. */
        public static final Spelling USUAL =
                new Spelling("rope_theta", 10000, "partial_rotary_factor", 1, Map.of());

        public Spelling withTheta(String newKey, double newTheta) {
            return new Spelling(newKey, newTheta, partKey, part, aliases);
        }

        public Spelling withPart(String newKey, double newPart) {
            return new Spelling(thetaKey, theta, newKey, newPart, aliases);
        }

        public Spelling withAliases(Map<String, String> newAliases) {
            return new Spelling(thetaKey, theta, partKey, part, newAliases);
        }
    }

    private final JsonObject config;
    private final int headDim;
    private final int maxSeqLen;
    private final OptionalInt absentOriginal;

    /** A reader for heads of {@code headDim} in a model of {@code maxSeqLen}. */
    public RopeKeys(JsonObject config, int headDim, int maxSeqLen) {
        this(config, headDim, maxSeqLen, OptionalInt.empty());
    }

    private RopeKeys(JsonObject config, int headDim, int maxSeqLen, OptionalInt absentOriginal) {
        this.config = config;
        this.headDim = headDim;
        this.maxSeqLen = maxSeqLen;
        this.absentOriginal = absentOriginal;
    }

    /** A reader where {@code original_max_position_embeddings} stands outside the settings, or has this value. */
    public RopeKeys withOriginalMaxSeqLen(int absent) {
        return new RopeKeys(config, headDim, maxSeqLen, OptionalInt.of(absent));
    }

    /** The one kind of rotary positions of a model. */
    public RopeConfig read(Spelling spelling) throws ModelFormatException {
        Optional<JsonObject> parameters = config.findObject("rope_parameters");
        Optional<JsonObject> older = olderSettings(parameters);
        return read(older.isPresent() ? older : parameters, spelling);
    }

    /** {@code rope_scaling} where it says something; refused beside {@code rope_parameters}. */
    public Optional<JsonObject> olderSettings(Optional<JsonObject> parameters) throws ModelFormatException {
        Optional<JsonObject> older = config.findObject("rope_scaling").filter(json -> !json.keys().isEmpty());
        if (older.isPresent() && parameters.isPresent()) {
            throw config.refusal("rope_scaling", "stands beside rope_parameters, one of the two must go");
        }
        return older;
    }

    /** One of several kinds, from its own settings. */
    public RopeConfig read(Optional<JsonObject> settings, Spelling spelling) throws ModelFormatException {
        double theta = agreeing(settings, spelling.thetaKey, "rope_theta", spelling.theta);
        outerOriginal(); // known, also where no settings ask for it
        double part = part(settings, spelling);
        int rotaryDim = (int) (headDim * part);
        if (rotaryDim % 2 != 0 || rotaryDim == 0 || rotaryDim > headDim) {
            throw config.refusal(part == 1 ? "head_dim" : spelling.partKey,
                    rotaryDim + " of " + headDim + " dimensions, must be even for rotary positions");
        }
        RopeScaling scaling =
                settings.isPresent() ? scaling(settings.get(), rotaryDim, spelling) : new DefaultRope();
        return requireFinite(new RopeConfig(rotaryDim, theta, scaling), spelling);
    }

    /** Refuses a base that gives no frequencies: some types divide by its logarithm. */
    public RopeConfig requireFinite(RopeConfig rope, Spelling spelling) throws ModelFormatException {
        if (!Arrays.stream(rope.inverseFrequencies(maxSeqLen)).allMatch(Double::isFinite)) {
            throw config.refusal(spelling.thetaKey, rope.theta() + ", gives frequencies that are not finite");
        }
        return rope;
    }

    /** A number that may stand outside the settings, in them, or in both if they agree. */
    private double agreeing(Optional<JsonObject> settings, String outerKey, String innerKey, double absent)
            throws ModelFormatException {
        OptionalDouble outer = config.findPositive(outerKey);
        OptionalDouble inner = settings.isPresent() ? settings.get().findPositive(innerKey) : OptionalDouble.empty();
        if (outer.isPresent() && inner.isPresent() && outer.getAsDouble() != inner.getAsDouble()) {
            throw config.refusal(outerKey,
                    outer.getAsDouble() + ", but rope_parameters." + innerKey + " is " + inner.getAsDouble());
        }
        return inner.isPresent() ? inner.getAsDouble() : outer.orElse(absent);
    }

    /** The settings count; beside them stands the family's default in some files. */
    private double part(Optional<JsonObject> settings, Spelling spelling) throws ModelFormatException {
        OptionalDouble outer = config.findPositive(spelling.partKey);
        OptionalDouble inner = settings.isPresent()
                ? settings.get().findPositive("partial_rotary_factor")
                : OptionalDouble.empty();
        return inner.isPresent() ? inner.getAsDouble() : outer.orElse(spelling.part);
    }

    private RopeScaling scaling(JsonObject json, int rotaryDim, Spelling spelling) throws ModelFormatException {
        Optional<String> older = json.findString("type");
        String stated = json.findString("rope_type").or(() -> older).orElse("default");
        if (older.isPresent() && !older.get().equals(stated)) {
            throw json.refusal("type", "\"" + older.get() + "\", but rope_type is \"" + stated + "\"");
        }
        Reader reader = TYPES.get(spelling.aliases.getOrDefault(stated, stated));
        if (reader == null) {
            throw json.refusal("rope_type",
                    "\"" + stated + "\", known are " + TYPES.keySet().stream().sorted().toList());
        }
        RopeScaling scaling = reader.read(json, new Context(rotaryDim, maxSeqLen, outerOriginal()));
        json.refuseUnknownKeys(Set.of());
        return scaling;
    }

    private OptionalInt outerOriginal() throws ModelFormatException {
        OptionalInt stated = config.findInt("original_max_position_embeddings", 1, CommonKeys.MAX_SEQ_LEN);
        return stated.isPresent() ? stated : absentOriginal;
    }

    private static RopeScaling dynamic(JsonObject json, Context context) throws ModelFormatException {
        json.findInt("original_max_position_embeddings", 1, CommonKeys.MAX_SEQ_LEN); // said, but not used there
        if (context.rotaryDim <= 2) {
            throw json.refusal("rope_type", "\"dynamic\", needs more than 2 rotated dimensions");
        }
        return new DynamicNtkRope(json.requirePositive("factor"), context.maxSeqLen);
    }

    /** HunYuan's: with alpha a fixed base, without it dynamic; settings of YaRN stand beside it and do nothing. */
    private static RopeScaling alphaNtk(JsonObject json, Context context) throws ModelFormatException {
        OptionalDouble alpha = json.findPositive("alpha");
        if (alpha.isEmpty()) {
            return dynamic(json, context);
        }
        for (String unused : List.of("factor", "beta_fast", "beta_slow", "mscale", "mscale_all_dim",
                "original_max_position_embeddings")) {
            json.findNumber(unused);
        }
        return new AlphaNtkRope(alpha.getAsDouble());
    }

    /** Llama 4's, where the factors may be equal, so that no frequencies are blended. */
    private static RopeScaling llama4(JsonObject json, Context context) throws ModelFormatException {
        double highFreqFactor = json.requirePositive("high_freq_factor");
        return highFreqFactor == json.requirePositive("low_freq_factor")
                ? new Llama3Rope(json.requirePositive("factor"), highFreqFactor, highFreqFactor,
                        context.originalMaxSeqLen(json))
                : llama3(json, context);
    }

    private static RopeScaling llama3(JsonObject json, Context context) throws ModelFormatException {
        double lowFreqFactor = json.requirePositive("low_freq_factor");
        double highFreqFactor = json.requirePositive("high_freq_factor");
        if (highFreqFactor <= lowFreqFactor) {
            throw json.refusal("high_freq_factor",
                    highFreqFactor + ", must be greater than low_freq_factor " + lowFreqFactor);
        }
        return new Llama3Rope(json.requirePositive("factor"), lowFreqFactor, highFreqFactor,
                context.originalMaxSeqLen(json));
    }

    private static RopeScaling yarn(JsonObject json, Context context) throws ModelFormatException {
        int original = context.originalMaxSeqLen(json);
        double factor = json.findPositive("factor").orElse((double) context.maxSeqLen / original);
        OptionalDouble mscale = notZero(json, "mscale");
        OptionalDouble mscaleAllDim = notZero(json, "mscale_all_dim");
        double attentionFactor = json.findPositive("attention_factor")
                .orElse(YarnRope.attentionFactor(factor, mscale, mscaleAllDim));
        json.findBoolean("finetuned", false); // a note: YaRN's own code reads it for dynamic scaling only
        YarnRope.Ramp ramp = new YarnRope.Ramp(notZero(json, "beta_fast").orElse(32),
                notZero(json, "beta_slow").orElse(1), json.findBoolean("truncate", true));
        return new YarnRope(factor, attentionFactor, YarnRope.scoreFactor(factor, mscaleAllDim), ramp, original);
    }

    /** A number for which 0 says that there is none. */
    private static OptionalDouble notZero(JsonObject json, String key) throws ModelFormatException {
        OptionalDouble number = json.findNumber(key);
        return number.isPresent() && number.getAsDouble() == 0 ? OptionalDouble.empty() : number;
    }

    private static RopeScaling longRope(JsonObject json, Context context) throws ModelFormatException {
        int original = context.originalMaxSeqLen(json);
        double factor = json.findPositive("factor").orElse((double) context.maxSeqLen / original);
        double grown = factor <= 1 ? 1 : Math.sqrt(1 + StrictMath.log(factor) / StrictMath.log(original));
        return new LongRope(divisors(json, "short_factor", context), divisors(json, "long_factor", context),
                json.findPositive("attention_factor").orElse(grown), original);
    }

    /** Phi-MoE's, which states the factors of cosines and sines. */
    private static RopeScaling longRopeWithScales(JsonObject json, Context context) throws ModelFormatException {
        json.findPositive("factor"); // would give the factors that are stated
        return new LongRope(divisors(json, "short_factor", context), divisors(json, "long_factor", context),
                json.requirePositive("short_mscale"), json.requirePositive("long_mscale"),
                context.originalMaxSeqLen(json));
    }

    private static List<Double> divisors(JsonObject json, String key, Context context) throws ModelFormatException {
        List<Double> divisors = json.requirePositives(key);
        if (divisors.size() != context.rotaryDim / 2) {
            throw json.refusal(key, divisors.size() + " numbers, must be " + context.rotaryDim / 2);
        }
        return divisors;
    }
}
