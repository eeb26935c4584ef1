package io.github.pastkv.chat;

import io.github.pastkv.chat.jinja.JinjaException;
import io.github.pastkv.chat.jinja.JinjaTemplate;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.files.ModelFormatException;
import io.github.pastkv.model.tokenizer.TextTokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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
 * A template that cannot be rendered is refused when it is read, with the file and the reason; it is never ignored.
 *
 * <p>A content that spells a {@linkplain io.github.pastkv.model.tokenizer.Vocabulary#controlTokens control token}, such as
 * {@code <|im_end|>}, is written as ordinary tokens: only the template's own markers are control tokens. The one exception
 * are tags that models write into their answers ({@code <think>}, {@code <tool_call>}) where the tokenizer does not mark
 * them special: in answers, and only there, they remain tokens, as templates look for them.
 */
public final class ChatTemplate implements ChatFormat {
    /** Stands inside a control token that a text spells, until the template has been rendered. Not a character. */
    private static final String BREAK = "\uFDD0";

    private static final String USER = "user";
    private static final String ASSISTANT = "assistant";
    private static final Pattern TAG = Pattern.compile("</?\\w+>");
    private static final String PROBE = "probe";

    private final Path file;
    private final JinjaTemplate script;
    private final Map<String, String> specialTokens;
    private final TextTokenizer tokenizer;
    private final String system;
    private final Set<Integer> stopTokens;

    private ChatTemplate(ChatTemplateFiles files, JinjaTemplate script, TextTokenizer tokenizer, String system)
            throws JinjaException {
        this.file = files.templateFile();
        this.script = script;
        this.specialTokens = tokenizer.specialTokens();
        this.tokenizer = tokenizer;
        this.system = system;
        this.stopTokens = findStopTokens();
    }

    /**
     * Reads {@code chat_template.jinja}, or {@code chat_template} in {@code chat_template.json} or
     * {@code tokenizer_config.json}.
     *
     * @param system what the system says first, or empty
     * @return empty where the folder has none of them
     * @throws ModelFormatException if the template cannot be parsed, or not be rendered for a conversation of one question
     *         and one answer
     * @throws IllegalArgumentException if the model has no tokenizer
     */
    public static Optional<ChatTemplate> find(Model model, String system) throws IOException {
        Optional<ChatTemplateFiles> found = ChatTemplateFiles.find(model.source());
        if (found.isEmpty()) {
            return Optional.empty();
        }
        TextTokenizer tokenizer = model.tokenizer().orElseThrow(() -> new IllegalArgumentException(
                "model: " + model.folder() + " has a chat template but no tokenizer"));
        Path file = found.get().templateFile();
        try {
            return Optional.of(
                    new ChatTemplate(found.get(), JinjaTemplate.parse(found.get().template()), tokenizer, system));
        } catch (JinjaException e) {
            throw new ModelFormatException(file, "chat template: cannot be rendered: " + e.getMessage(), e);
        }
    }

    /** The file that holds the template. */
    public Path file() {
        return file;
    }

    @Override
    public int[] encode(List<Turn> turns, String user) {
        List<Map.Entry<String, String>> messages = new ArrayList<>();
        for (Turn turn : turns) {
            messages.add(Map.entry(USER, turn.user()));
            messages.add(Map.entry(ASSISTANT, turn.answer()));
        }
        messages.add(Map.entry(USER, user));
        try {
            return tokenizer.encodeParts(List.of(render(messages, true).split(BREAK, -1)));
        } catch (JinjaException e) {
            throw new IllegalArgumentException("chat template of " + file + ": " + e.getMessage(), e);
        }
    }

    /** The text of a conversation, with breaks inside the control tokens that its contents spell. */
    private String render(List<Map.Entry<String, String>> messages, boolean asksForAnswer) throws JinjaException {
        ObjectNode values = JsonMapper.shared().createObjectNode();
        ArrayNode list = values.putArray("messages");
        if (!system.isEmpty()) {
            list.addObject().put("role", "system").put("content", broken("system", system));
        }
        messages.forEach(message -> list.addObject().put("role", message.getKey()).put("content",
                broken(message.getKey(), message.getValue())));
        values.put("add_generation_prompt", asksForAnswer);
        values.putNull("tools");
        values.putNull("documents");
        specialTokens.forEach(values::put);
        Map<String, JsonNode> variables = new HashMap<>();
        values.properties().forEach(entry -> variables.put(entry.getKey(), entry.getValue()));
        return script.render(variables);
    }

    /** A content with a break inside each control token that it spells. */
    private String broken(String role, String content) {
        String text = content.replace(BREAK, "\uFFFD");
        for (String token : tokenizer.vocabulary().controlTokens()) {
            if (token.length() > 1 && !(role.equals(ASSISTANT) && isTag(token))) {
                text = text.replace(token, token.charAt(0) + BREAK + token.substring(1));
            }
        }
        return text;
    }

    /** Whether a token is one that models write into their answers, and templates look for there, such as a thought's end. */
    private boolean isTag(String token) {
        return TAG.matcher(token).matches()
                && !tokenizer.vocabulary().isSpecial(tokenizer.vocabulary().id(token).orElseThrow());
    }

    @Override
    public Set<Integer> stopTokens() {
        return stopTokens;
    }

    /** The tokenizer's end token, and the first control token that the template writes behind an answer. */
    private Set<Integer> findStopTokens() throws JinjaException {
        render(List.of(Map.entry(USER, PROBE)), true);
        String rendered = render(List.of(Map.entry(USER, PROBE), Map.entry(ASSISTANT, PROBE)), false);
        int answerEnd = rendered.lastIndexOf(PROBE) + PROBE.length();
        IntStream behind = rendered.contains(PROBE)
                ? IntStream.of(tokenizer.encode(rendered.substring(answerEnd), false))
                        .filter(tokenizer.vocabulary()::isControl).limit(1)
                : IntStream.empty();
        @Nullable String eos = specialTokens.get("eos_token");
        IntStream end = eos == null ? IntStream.empty() : tokenizer.vocabulary().id(eos).stream();
        return IntStream.concat(behind, end).boxed().collect(Collectors.toUnmodifiableSet());
    }
}
