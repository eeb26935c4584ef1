package io.github.pastkv.cli.options;

import io.github.pastkv.cache.KvCacheConfig;
import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.cache.layout.KvTypes;
import io.github.pastkv.cache.layout.LayerKvTypes;
import io.github.pastkv.cli.io.ByteSize;
import io.github.pastkv.model.SessionOptions;
import io.github.pastkv.model.config.ModelConfig;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** How past keys and values are kept. */
public final class CacheMixin {
    private static final int GROUP = 16;

    @Spec(Spec.Target.MIXEE) private CommandSpec spec = CommandSpec.create();

    @Option(names = "--kv-type", paramLabel = "TYPE", converter = OptionConverters.StorageTypes.class,
            completionCandidates = OptionConverters.StorageTypes.class,
            description = "Storage type of cached keys and values: f32, f16, bf16 or q8. q8:f16 stores keys as q8 "
                    + "and values as f16; q8,0=f32 stores layer 0 as f32 and the others as q8. Default: "
                    + "f32.") private LayerKvTypes kvTypes =
                            LayerKvTypes.of(KvTypes.of(KvType.F32));

    @Option(names = "--block-size", paramLabel = "N",
            description = "Tokens per cache block: 1 to 16, or a multiple of 16. Default: "
                    + KvCacheConfig.DEFAULT_BLOCK_SIZE + ".") private int blockSize =
                            KvCacheConfig.DEFAULT_BLOCK_SIZE;

    @Option(names = "--cache-limit", paramLabel = "SIZE", converter = ByteSize.Converter.class,
            description = "Memory limit of the KV cache, such as 512m or 8g. Default: 8g.") private ByteSize limit =
                    new ByteSize(KvCacheConfig.DEFAULT_MAX_POOL_BYTES);

    /** Refuses options that are wrong whatever the model. */
    public void check() {
        if (blockSize < 1 || (blockSize > GROUP && blockSize % GROUP != 0)) {
            throw new ParameterException(spec.commandLine(),
                    "--block-size: " + blockSize + ", must be 1 to 16 or a multiple of 16");
        }
    }

    public LayerKvTypes kvTypes() {
        return kvTypes;
    }

    public int blockSize() {
        return blockSize;
    }

    public long limitBytes() {
        return limit.bytes();
    }

    /** Sessions whose rows hold {@code numTokens} at most. */
    public SessionOptions options(ModelConfig model, long numTokens) {
        return options().forTokens(model, numTokens);
    }

    public SessionOptions options() {
        return SessionOptions.defaults().withKvTypes(kvTypes).withBlockSize(blockSize).withMaxPoolBytes(limit.bytes());
    }
}
