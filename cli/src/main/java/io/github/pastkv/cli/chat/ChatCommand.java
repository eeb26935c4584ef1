package io.github.pastkv.cli.chat;

import io.github.pastkv.chat.ChatFormat;
import io.github.pastkv.chat.ChatTemplate;
import io.github.pastkv.chat.Conversation;
import io.github.pastkv.chat.PlainFormat;
import io.github.pastkv.cli.generate.SamplingMixin;
import io.github.pastkv.cli.io.Streams;
import io.github.pastkv.cli.options.CacheMixin;
import io.github.pastkv.cli.options.ModelMixin;
import io.github.pastkv.cli.options.WindowMixin;
import io.github.pastkv.model.ComputeChoice;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.generation.GenerationOptions;
import io.github.pastkv.model.tokenizer.TextTokenizer;
import java.io.IOException;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Talks with a model. */
@Command(name = "chat", sortOptions = false,
        header = {"Talks with a model; each turn computes only what is new.", ""},
        customSynopsis = {"pastkv chat [OPTIONS]", "       pastkv chat [OPTIONS] < FILE", ""},
        description = "Each line is said to the model, which answers at once. What has been read is kept, so a turn costs "
                + "its own tokens only, and a conversation can be taken back and go on in branches. The chat template of "
                + "the model's folder says how turns are written down; without one they are plain text, one after the "
                + "other.%n",
        footer = {"", "Lines that begin with / are commands; /help lists them. Ctrl-C stops an answer, Ctrl-D ends.",
            "",
            "Examples:", "  pastkv chat", "  pastkv chat --model ~/models/SmolLM2-135M-Instruct --system \"Be brief.\"",
            "  printf 'Once upon a time\\n/undo\\nOne day\\n/tree\\n' | pastkv chat --max-new-tokens 30"})
public final class ChatCommand implements Callable<Integer> {
    private final Streams streams;

    @Spec private CommandSpec spec = CommandSpec.create();

    @Mixin private ModelMixin modelOptions = new ModelMixin(ComputeChoice.AUTO);

    @Option(names = "--system", paramLabel = "TEXT",
            description = "What the model is told before the conversation begins. Default: nothing.") private String system =
                    "";

    @Option(names = "--plain",
            description = "Turns as plain text even if the folder has a chat template.") private boolean plain;

    @Option(names = "--max-new-tokens", paramLabel = "N",
            description = "Most tokens of an answer. Default: 512.") private int maxNewTokens = 512;

    @Mixin private SamplingMixin sampling = new SamplingMixin();

    @Option(names = "--draft-tokens", paramLabel = "N",
            description = "Guess up to N tokens ahead from the conversation so far; changes the speed, never a token. "
                    + "Default: 0.") private int draftTokens;

    @Mixin private CacheMixin cacheOptions = new CacheMixin();

    @Mixin private WindowMixin windowOptions = new WindowMixin();

    public ChatCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws IOException {
        checkOptions();
        try (Model model = modelOptions.loadForText(streams)) {
            TextTokenizer tokenizer = model.tokenizer()
                    .orElseThrow(() -> modelOptions.noTokenizer("which a chat needs"));
            Optional<ChatTemplate> template = plain ? Optional.empty() : ChatTemplate.find(model, system);
            ChatFormat format =
                    template.<ChatFormat> map(found -> found).orElseGet(() -> new PlainFormat(tokenizer, system));
            try (Conversation conversation = new Conversation(session(model), format);
                    LineSource lines = lines()) {
                return new ChatLoop(streams, lines, conversation, options(model))
                        .run(welcome(template));
            }
        }
    }

    /** A conversation may grow to the model's longest, so that is the length its rotary frequencies are for. */
    private Session session(Model model) {
        return model.newSession(
                windowOptions.addTo(cacheOptions.options(model.config(), model.config().longestSeqLen())));
    }

    private void checkOptions() {
        modelOptions.check();
        cacheOptions.check();
        windowOptions.check();
        sampling.check();
        require(maxNewTokens >= 1, "--max-new-tokens: " + maxNewTokens + ", must be at least 1");
        require(draftTokens >= 0, "--draft-tokens: " + draftTokens + ", must be at least 0");
    }

    private void require(boolean condition, String message) {
        if (!condition) {
            throw new ParameterException(spec.commandLine(), message);
        }
    }

    private GenerationOptions options(Model model) {
        return GenerationOptions.greedy(maxNewTokens).withSampling(sampling.options(model.generationConfig()))
                .withStopTokens(Set.copyOf(model.generationConfig().eosIds())).withMaxDraftTokens(draftTokens);
    }

    private LineSource lines() throws IOException {
        return streams.isTerminal() ? new TerminalLines(ChatLoop.commandNames()) : new PipedLines(streams.in());
    }

    private String welcome(Optional<ChatTemplate> template) {
        String turns = template.map(found -> "the chat template of " + found.file().getFileName()).orElse("plain text");
        return "Talking with " + modelOptions.name() + ", turns as " + turns
                + "." + System.lineSeparator() + "/help shows the commands, Ctrl-C stops an answer, Ctrl-D ends.";
    }
}
