package io.github.pastkv.cli.chat;

import io.github.pastkv.chat.ChatFormat;
import io.github.pastkv.chat.ChatMessage;
import io.github.pastkv.chat.ChatTemplate;
import io.github.pastkv.chat.Conversation;
import io.github.pastkv.chat.PlainFormat;
import io.github.pastkv.cli.generate.SamplingMixin;
import io.github.pastkv.cli.io.Streams;
import io.github.pastkv.cli.options.CacheMixin;
import io.github.pastkv.cli.options.ModelMixin;
import io.github.pastkv.cli.options.TierMixin;
import io.github.pastkv.cli.options.WindowMixin;
import io.github.pastkv.model.ComputeChoice;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.SessionOptions;
import io.github.pastkv.model.generation.GenerationOptions;
import io.github.pastkv.model.tokenizer.TextTokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Talks with a model. */
@Command(name = "chat", sortOptions = false,
        header = {"Chat with a model.", ""},
        customSynopsis = {"pastkv chat [OPTIONS]", "       pastkv chat [OPTIONS] < FILE",
            "       pastkv chat --print-prompt --messages FILE [--template-var NAME=JSON] [--json]", ""},
        description = "Each line of input is one message. Earlier turns stay in the KV cache, so a turn computes "
                + "only its own tokens. Turns can be undone, and the conversation can branch. Messages are "
                + "formatted by the chat template in the model folder; without a template they are concatenated as "
                + "plain text.%n",
        footer = {"",
            "Lines that begin with / are commands; /help lists them. Ctrl-C stops an answer, Ctrl-D exits.", "",
            "Examples:",
            "  pastkv chat",
            "  pastkv chat --model ~/models/SmolLM2-135M-Instruct --system \"Be brief.\"",
            "  printf 'Once upon a time\\n/undo\\nOne day\\n/tree\\n' | pastkv chat --max-new-tokens 30",
            "  pastkv chat --resume story.chat",
            "  pastkv chat --model ~/models/Qwen3-0.6B --template-var enable_thinking=false",
            "  pastkv chat --model ~/models/Qwen3-0.6B --print-prompt --messages messages.json --json"})
public final class ChatCommand implements Callable<Integer> {
    private static final Set<String> STORAGE_OPTIONS =
            Set.of("--kv-type", "--block-size", "--cache-limit", "--window", "--sinks");

    private final Streams streams;

    @Spec private CommandSpec spec = CommandSpec.create();

    @Mixin private ModelMixin modelOptions = new ModelMixin(ComputeChoice.AUTO);

    @Option(names = "--system", paramLabel = "TEXT",
            description = "System message at the start of the conversation. Default: none.") private String system = "";

    @Option(names = "--messages", paramLabel = "FILE",
            description = "Start from the messages in a JSON file: a list of objects with role and content, or an "
                    + "object with such a list under messages and with template variables, such as tools, as "
                    + "further keys. If the last message is from the user, the model answers "
                    + "it.") private @Nullable Path messagesFile;

    @Option(names = "--resume", paramLabel = "FILE",
            description = "Resume a conversation that /save FILE wrote, with all its branches, without recomputing it. "
                    + "Needs the same model and kernels. Cache and window options are those of the file; options "
                    + "given here must agree.") private @Nullable Path resumedFile;

    @Option(names = "--template-var", paramLabel = "NAME=JSON",
            description = "Set a variable of the chat template, such as enable_thinking=false. Strings need double "
                    + "quotes. Repeatable.") private List<String> templateVariables = List.of();

    @Option(names = "--print-prompt",
            description = "Print the rendered prompt for --messages and its token ids, and "
                    + "exit.") private boolean printsPrompt;

    @Option(names = "--json", description = "With --print-prompt: print one JSON object.") private boolean asJson;

    @Option(names = "--plain",
            description = "Format messages as plain text even if the folder has a chat "
                    + "template.") private boolean plain;

    @Option(names = "--max-new-tokens", paramLabel = "N",
            description = "Generate at most N tokens per answer. Default: 512.") private int maxNewTokens = 512;

    @Mixin private SamplingMixin sampling = new SamplingMixin();

    @Option(names = "--draft-tokens", paramLabel = "N",
            description = "Speculative decoding: draft up to N tokens by prompt lookup in the conversation. Changes "
                    + "the speed, never the output. Default: 0 (off).") private int draftTokens;

    @Mixin private CacheMixin cacheOptions = new CacheMixin();

    @Mixin private TierMixin tierOptions = new TierMixin();

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
            MessagesFile given =
                    messagesFile == null ? new MessagesFile(List.of(), Map.of()) : MessagesFile.read(messagesFile);
            ChatFormat format = format(model, given);
            List<ChatMessage> messages = messages(given);
            if (printsPrompt) {
                new PromptPrinter(format, tokenizer).print(messages, asJson, streams.out());
                return 0;
            }
            requireTaken(format, messages);
            try (Conversation conversation = conversation(model, format, messages);
                    LineSource lines = lines()) {
                return new ChatLoop(streams, lines, conversation, options(model)).run(welcome(format));
            }
        }
    }

    private Conversation conversation(Model model, ChatFormat format, List<ChatMessage> messages) throws IOException {
        if (resumedFile == null) {
            return Conversation.of(model.newSession(sessionOptions(model)), format, messages);
        }
        boolean givesOptions = spec.commandLine().getParseResult().matchedOptions().stream()
                .anyMatch(option -> STORAGE_OPTIONS.contains(option.longestName()));
        return Conversation.open(model, resumedFile, givesOptions ? sessionOptions(model) : null, format);
    }

    private ChatFormat format(Model model, MessagesFile given) throws IOException {
        Map<String, JsonNode> variables = new HashMap<>(given.variables());
        templateVariables.forEach(one -> addVariable(one, variables));
        Optional<ChatTemplate> template = plain ? Optional.empty() : ChatTemplate.find(model, variables);
        if (template.isEmpty() && !variables.isEmpty()) {
            throw new IllegalArgumentException(
                    "template variables " + variables.keySet() + ": " + modelOptions.name() + " has no chat template");
        }
        return template.isPresent() ? template.get() : PlainFormat.of(model);
    }

    private void addVariable(String definition, Map<String, JsonNode> variables) {
        int end = definition.indexOf('=');
        require(end > 0, "--template-var: '" + definition + "', must be NAME=JSON");
        String name = definition.substring(0, end);
        try {
            variables.put(name, JsonMapper.shared().readTree(definition.substring(end + 1)));
        } catch (JacksonException _) {
            require(false, "--template-var " + name + ": " + definition.substring(end + 1)
                    + " is not JSON; strings need double quotes, as in '" + name + "=\"text\"'");
        }
    }

    private List<ChatMessage> messages(MessagesFile given) {
        List<ChatMessage> messages = new ArrayList<>(given.messages());
        if (!system.isEmpty()) {
            messages.addFirst(ChatMessage.system(system));
        }
        return messages;
    }

    /** Refuses messages that the format does not take, a system message for example, before the conversation begins. */
    private static void requireTaken(ChatFormat format, List<ChatMessage> messages) {
        List<ChatMessage> asked = new ArrayList<>(messages);
        if (asked.isEmpty() || !asked.getLast().role().equals("user")) {
            asked.add(ChatMessage.user("probe"));
        }
        format.encode(asked);
    }

    /** A conversation may grow to the model's longest, so that is the length its rotary frequencies are for. */
    private SessionOptions sessionOptions(Model model) {
        return windowOptions.addTo(cacheOptions.options(model.config(), model.config().longestSeqLen()));
    }

    private void checkOptions() {
        modelOptions.check();
        modelOptions.useTiers(tierOptions);
        cacheOptions.check();
        windowOptions.check();
        sampling.check();
        require(!printsPrompt || messagesFile != null, "--print-prompt: needs --messages");
        require(resumedFile == null || (messagesFile == null && system.isEmpty()),
                "--resume: the file has its messages; --messages and --system begin another conversation");
        require(!asJson || printsPrompt, "--json: only with --print-prompt");
        require(maxNewTokens >= 1, "--max-new-tokens: " + maxNewTokens + ", must be at least 1");
        require(draftTokens >= 0, "--draft-tokens: " + draftTokens + ", must be at least 0");
    }

    private void require(boolean condition, String message) {
        if (!condition) {
            throw new ParameterException(spec.commandLine(), message);
        }
    }

    private GenerationOptions options(Model model) {
        sampling.checkFor(model.config());
        return GenerationOptions.greedy(maxNewTokens).withSampling(sampling.options(model.generationConfig()))
                .withStopTokens(Set.copyOf(model.generationConfig().eosIds())).withMaxDraftTokens(draftTokens);
    }

    private LineSource lines() throws IOException {
        return streams.isTerminal() ? new TerminalLines(ChatLoop.commandNames()) : new PipedLines(streams.in());
    }

    private String welcome(ChatFormat format) {
        String formatName = format instanceof ChatTemplate template
                ? "by the chat template in " + template.file().getFileName()
                : "as plain text";
        return "Chat with " + modelOptions.name() + ", formatted " + formatName
                + "." + System.lineSeparator() + "/help shows the commands, Ctrl-C stops an answer, Ctrl-D exits.";
    }
}
