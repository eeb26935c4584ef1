package io.github.pastkv.chat;

import io.github.pastkv.chat.jinja.JinjaException;
import io.github.pastkv.chat.jinja.JinjaTemplate;
import io.github.pastkv.chat.tools.Tools;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.files.ModelFormatException;
import io.github.pastkv.model.tokenizer.TextTokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The chat template of a model folder, rendered as {@code apply_chat_template} of Hugging Face transformers renders it.
 * A template that cannot be parsed is rejected when it is read, with the file, the line and the reason; it is never
 * ignored.
 *
 * <p>A content that contains a {@linkplain io.github.pastkv.model.tokenizer.Vocabulary#controlTokens control token},
 * such as {@code <|im_end|>}, is encoded as ordinary text: only the template's own markers become control tokens. The
 * only exceptions are tags that models write in their answers ({@code <think>}, {@code <tool_call>}) if the tokenizer
 * does not mark them as special: in answers, and only there, they remain tokens, as templates search for them.
 *
 * <p>Immutable, safe for any number of threads while its tokenizer is open.
 */
public final class ChatTemplate implements ChatFormat {
    private static final String BREAK = String.valueOf(JinjaTemplate.BREAK);
    private static final Pattern TAG = Pattern.compile("</?\\w+>");
    private static final String PROBE = "probe";
    private static final String TOOLS = "tools";

    private final Templates templates;
    private final Parsed template; // the one of them for these variables
    private final TextTokenizer tokenizer;
    private final Map<String, JsonNode> variables;
    private final Map<String, JsonNode> brokenVariables; // with breaks inside control tokens that tools spell
    private final Set<Integer> stopTokens;

    /** A template and the file that holds it. */
    private record Parsed(Path file, JinjaTemplate jinja) {
        static Parsed of(ChatTemplateFiles.Text text) throws ModelFormatException {
            try {
                return new Parsed(text.file(), JinjaTemplate.parse(text.template()));
            } catch (JinjaException e) {
                throw unusable(text.file(), e);
            }
        }
    }

    /** The templates for conversations without tools and with some. */
    private record Templates(Parsed standard, Parsed toolUse) {
        static Templates of(ChatTemplateFiles files) throws ModelFormatException {
            Parsed standard = Parsed.of(files.standard());
            Optional<ChatTemplateFiles.Text> toolUse = files.toolUse();
            return new Templates(standard, toolUse.isPresent() ? Parsed.of(toolUse.get()) : standard);
        }

        Parsed with(Map<String, JsonNode> variables) {
            JsonNode tools = variables.get(TOOLS);
            return tools == null || tools.isNull() ? standard : toolUse;
        }
    }

    private ChatTemplate(Templates templates, TextTokenizer tokenizer, Map<String, JsonNode> variables)
            throws JinjaException {
        this.templates = templates;
        this.template = templates.with(variables);
        this.tokenizer = tokenizer;
        this.variables = Map.copyOf(variables);
        this.brokenVariables = new HashMap<>(variables);
        brokenVariables.computeIfPresent(TOOLS, (_, tools) -> broken(tools, false));
        this.stopTokens = findStopTokens();
    }

    /**
     * Reads {@code chat_template.jinja}, or {@code chat_template} in {@code chat_template.json} or
     * {@code tokenizer_config.json}. Where there is one named {@code tool_use} too, in a list of templates or in
     * {@code additional_chat_templates}, it writes conversations with tools.
     *
     * @return empty where the folder has none of them
     * @throws ModelFormatException if the template cannot be parsed, or not be rendered for a conversation of one
     *         question and one answer
     * @throws IllegalArgumentException if the model has a template but no tokenizer
     */
    public static Optional<ChatTemplate> find(Model model) throws IOException {
        return find(model, Map.of());
    }

    /** {@link #find(Model)} with variables beside the messages: {@link #withVariables}. */
    public static Optional<ChatTemplate> find(Model model, Map<String, JsonNode> variables) throws IOException {
        Optional<ChatTemplateFiles> found = ChatTemplateFiles.find(model.source());
        if (found.isEmpty()) {
            return Optional.empty();
        }
        TextTokenizer tokenizer = model.tokenizer().orElseThrow(() -> new IllegalArgumentException(
                "model: " + model.folder() + " has a chat template but no tokenizer"));
        Templates templates = Templates.of(found.get());
        try {
            return Optional.of(new ChatTemplate(templates, tokenizer, variables));
        } catch (JinjaException e) {
            throw unusable(templates.with(variables).file(), e);
        }
    }

    private static ModelFormatException unusable(Path file, JinjaException e) {
        return new ModelFormatException(file, "chat template: cannot be rendered: " + e.getMessage(), e);
    }

    /**
     * The same template with variables beside the messages, such as {@code enable_thinking}, {@code tools} or
     * {@code documents}; they replace those of the same name.
     *
     * @throws IllegalArgumentException with the reason, if the template cannot be rendered with them
     */
    public ChatTemplate withVariables(Map<String, JsonNode> newVariables) {
        Map<String, JsonNode> all = new HashMap<>(variables);
        all.putAll(newVariables);
        try {
            return new ChatTemplate(templates, tokenizer, all);
        } catch (JinjaException e) {
            throw refusal(templates.with(all).file(), e);
        }
    }

    private static IllegalArgumentException refusal(Path file, JinjaException e) {
        return new IllegalArgumentException("chat template of " + file + ": " + e.getMessage(), e);
    }

    /** The file that holds the template. */
    public Path file() {
        return template.file();
    }

    @Override
    public int[] encode(List<ChatMessage> messages) {
        try {
            String rendered = render(broken(messages), true, brokenVariables);
            return tokenizer.encodeParts(List.of(rendered.split(BREAK, -1)));
        } catch (JinjaException e) {
            throw refusal(file(), e);
        }
    }

    /**
     * The text of a conversation up to the start of the next answer, as transformers renders it.
     *
     * @throws IllegalArgumentException with the reason, if the template rejects these messages
     */
    public String render(List<ChatMessage> messages) {
        try {
            return renderOf(messages, true);
        } catch (JinjaException e) {
            throw refusal(file(), e);
        }
    }

    private String renderOf(List<ChatMessage> messages, boolean addsGenerationPrompt) throws JinjaException {
        ArrayNode list = JsonMapper.shared().createArrayNode();
        messages.forEach(message -> list.add(message.json()));
        return render(list, addsGenerationPrompt, variables);
    }

    @Override
    public ToolFormat withTools(Tools tools) {
        Objects.requireNonNull(tools, "tools: null");
        ArrayNode definitions = JsonMapper.shared().createArrayNode();
        tools.definitions().forEach(tool -> definitions.add(tool.json()));
        ChatTemplate withTools = withVariables(Map.of(TOOLS, definitions));
        return new ToolFormat(withTools, ToolCallProbe.find(withTools.file(), withTools::renderOf), tools);
    }

    private String render(ArrayNode messages, boolean addsGenerationPrompt, Map<String, JsonNode> given)
            throws JinjaException {
        JsonMapper json = JsonMapper.shared();
        Map<String, JsonNode> values = new HashMap<>();
        values.put("messages", messages);
        values.put("add_generation_prompt", json.getNodeFactory().booleanNode(addsGenerationPrompt));
        values.put(TOOLS, json.getNodeFactory().nullNode());
        values.put("documents", json.getNodeFactory().nullNode());
        tokenizer.specialTokens().forEach((name, token) -> values.put(name, json.getNodeFactory().stringNode(token)));
        values.putAll(given);
        return template.jinja().render(values);
    }

    /** The messages with a break inside each control token that one of their strings spells. */
    private ArrayNode broken(List<ChatMessage> messages) {
        ArrayNode list = JsonMapper.shared().createArrayNode();
        messages.forEach(message -> list.add(broken(message.json(), message.hasRole(ChatMessage.ASSISTANT))));
        return list;
    }

    private JsonNode broken(JsonNode node, boolean isAnswer) {
        return switch (node.getNodeType()) {
            case STRING -> JsonMapper.shared().getNodeFactory().stringNode(broken(node.stringValue(), isAnswer));
            case ARRAY -> {
                ArrayNode array = JsonMapper.shared().createArrayNode();
                node.values().forEach(item -> array.add(broken(item, isAnswer)));
                yield array;
            }
            case OBJECT -> {
                ObjectNode object = JsonMapper.shared().createObjectNode();
                node.properties().forEach(field -> object.set(broken(field.getKey(), isAnswer),
                        broken(field.getValue(), isAnswer)));
                yield object;
            }
            default -> node;
        };
    }

    private String broken(String content, boolean isAnswer) {
        String text = content.replace(BREAK, "\uFFFD");
        for (String token : tokenizer.vocabulary().controlTokens()) {
            if (token.length() > 1 && !(isAnswer && isTag(token))) {
                text = text.replace(token, token.charAt(0) + BREAK + token.substring(1));
            }
        }
        return text;
    }

    /**
     * Whether a token is one that models write into their answers, and templates look for there, such as a thought's
     * end.
     */
    private boolean isTag(String token) {
        return TAG.matcher(token).matches()
                && !tokenizer.vocabulary().isSpecial(tokenizer.vocabulary().id(token).orElseThrow());
    }

    @Override
    public Set<Integer> stopTokens() {
        return stopTokens;
    }

    @Override
    public boolean continuesText() {
        return false;
    }

    /** The tokenizer's end token, and the first control token that the template writes after an answer. */
    private Set<Integer> findStopTokens() throws JinjaException {
        ArrayNode question = JsonMapper.shared().createArrayNode().add(ChatMessage.user(PROBE).json());
        render(question, true, variables);
        String rendered = render(question.deepCopy().add(ChatMessage.assistant(PROBE).json()), false, variables);
        int answerEnd = rendered.lastIndexOf(PROBE) + PROBE.length();
        IntStream after = rendered.contains(PROBE)
                ? IntStream.of(tokenizer.encode(rendered.substring(answerEnd), false))
                        .filter(tokenizer.vocabulary()::isControl).limit(1)
                : IntStream.empty();
        @Nullable String eos = tokenizer.specialTokens().get("eos_token");
        IntStream end = eos == null ? IntStream.empty() : tokenizer.vocabulary().id(eos).stream();
        return IntStream.concat(after, end).boxed().collect(Collectors.toUnmodifiableSet());
    }

    @Override
    public String toString() {
        return "ChatTemplate[" + file() + "]";
    }
}
