package io.github.pastkv.model.tokenizer;

import io.github.pastkv.model.files.ModelDocument;
import io.github.pastkv.model.files.ModelFile;
import io.github.pastkv.model.files.ModelFormatException;
import io.github.pastkv.model.files.ModelSource;
import io.github.pastkv.model.tokenizer.TokenizerVariants.Variant;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A Hugging Face tokenizer, read from {@code tokenizer.json} and the files beside it. It never truncates, pads or
 * downloads, whatever the file says. Holds native memory until {@link #close}; use after that is an
 * {@link IllegalStateException}.
 *
 * <p>Tokenizers made by sentencepiece put a space before a text and take it away again when they decode. So there are
 * two ways to encode: as a text of its own, and as the continuation of another ({@link #encodeContinuation}), which
 * adds nothing. A text and its continuation together have the tokens of the joined text, provided that no token of the
 * joined text reaches over the join (it does not where the second piece begins with a space that begins a word) and
 * that the first piece does not end in a control token.
 *
 * <p>Safe for any number of threads, closing included.
 */
public final class TextTokenizer implements AutoCloseable {
    private final Vocabulary vocabulary;
    private final TokenizerSettings settings;
    private final TokenizerVariants variants;
    private final int @Nullable [] beginIds; // null: tokenizer.json decides
    private final int @Nullable [] endIds;
    private @Nullable TokenTrie trie; // made when it is first needed

    private TextTokenizer(Path file, byte[] json, Vocabulary vocabulary, TokenizerSettings settings)
            throws ModelFormatException {
        this.vocabulary = vocabulary;
        this.settings = settings;
        this.beginIds = idsOf(file, "bos_token", settings.begins());
        this.endIds = idsOf(file, "eos_token", settings.ends());
        this.variants = new TokenizerVariants(json, vocabulary,
                new NativeTokenizer(new String(json, StandardCharsets.UTF_8)));
    }

    private int @Nullable [] idsOf(Path file, String name, Optional<String> token) throws ModelFormatException {
        if (token.isEmpty()) {
            return null;
        }
        OptionalInt id = vocabulary.id(token.get());
        if (!token.get().isEmpty() && id.isEmpty()) {
            throw new ModelFormatException(file,
                    "has no token " + token.get() + ", which tokenizer_config.json adds to texts as " + name);
        }
        return token.get().isEmpty() ? new int[0] : new int[] {id.getAsInt()};
    }

    /**
     * Reads the tokenizer of a model: its {@code tokenizer.json}, and {@code tokenizer_config.json} and
     * {@code special_tokens_map.json} where they are there. These name special tokens, and {@code add_bos_token} and
     * {@code add_eos_token} decide what is put around a text, as in transformers 5.
     *
     * @throws ModelFormatException if it is missing or no tokenizer
     */
    public static TextTokenizer read(ModelSource source) throws IOException {
        return read(source.require(ModelFile.TOKENIZER), source.document(ModelFile.TOKENIZER_CONFIG),
                source.document(ModelFile.SPECIAL_TOKENS_MAP));
    }

    /**
     * Reads a {@code tokenizer.json} alone.
     *
     * @throws ModelFormatException if it is missing or no tokenizer
     */
    public static TextTokenizer open(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new ModelFormatException(file, "no such file");
        }
        return read(new ModelDocument(file, Files.readAllBytes(file)), Optional.empty(), Optional.empty());
    }

    /**
     * Reads a tokenizer as {@link #read(ModelSource)} does, from a folder that need not hold a model.
     *
     * @throws ModelFormatException if {@code tokenizer.json} is missing or no tokenizer
     */
    public static TextTokenizer openFolder(Path folder) throws IOException {
        Path file = folder.resolve(ModelFile.TOKENIZER.fileName());
        if (!Files.isRegularFile(file)) {
            throw new ModelFormatException(file, "no such file");
        }
        return read(new ModelDocument(file, Files.readAllBytes(file)), find(folder, ModelFile.TOKENIZER_CONFIG),
                find(folder, ModelFile.SPECIAL_TOKENS_MAP));
    }

    private static Optional<ModelDocument> find(Path folder, ModelFile name) throws IOException {
        Path file = folder.resolve(name.fileName());
        return Files.exists(file, LinkOption.NOFOLLOW_LINKS)
                ? Optional.of(new ModelDocument(file, Files.readAllBytes(file)))
                : Optional.empty();
    }

    /**
     * Reads the three documents, wherever they come from.
     *
     * @throws ModelFormatException if {@code document} is no {@code tokenizer.json}
     */
    public static TextTokenizer read(ModelDocument document, Optional<ModelDocument> config,
            Optional<ModelDocument> map)
            throws ModelFormatException {
        Path file = document.path();
        Vocabulary vocabulary = VocabularyReader.read(file, document.bytes());
        TokenizerSettings settings = TokenizerSettings.read(config, map);
        try {
            return new TextTokenizer(file, document.bytes(), vocabulary, settings);
        } catch (RuntimeException e) {
            throw new ModelFormatException(file, "no tokenizer: " + e.getMessage(), e);
        }
    }

    /** The tokens by id. */
    public Vocabulary vocabulary() {
        return vocabulary;
    }

    /**
     * The tokens that are text, by their bytes; made at the first call, in some 0.2 s for 128,000 tokens.
     *
     * @throws IllegalArgumentException if the tokenizer's decoder is of a kind whose tokens have no fixed bytes
     */
    public synchronized TokenTrie trie() {
        if (trie == null) {
            trie = TokenTrie.of(vocabulary);
        }
        return trie;
    }

    /** The greatest id plus 1. */
    public int vocabSize() {
        return vocabulary.size();
    }

    /** Spellings of special tokens by name, such as {@code bos_token}; only those that the files name. */
    public Map<String, String> specialTokens() {
        return settings.specialTokens();
    }

    /**
     * The ids of {@code text}. Control tokens spelled in the text are recognized, as in Hugging Face's own libraries;
     * for text from others use {@link #encodeContent}. An unpaired surrogate counts as U+FFFD.
     *
     * @param addSpecial whether to add what the tokenizer puts around a text, such as {@code <s>}
     */
    public int[] encode(String text, boolean addSpecial) {
        if (!addSpecial || beginIds == null || endIds == null) {
            return encode(Variant.TEXT, text, addSpecial);
        }
        return concat(beginIds, encode(Variant.TEXT, text, false), endIds);
    }

    private static int[] concat(int[]... parts) {
        return Arrays.stream(parts).flatMapToInt(IntStream::of).toArray();
    }

    /**
     * The ids of {@code text} as the continuation of another: nothing is put before or around it. Behind a control
     * token that it spells a new piece of text begins, as within a text.
     */
    public int[] encodeContinuation(String text) {
        int[] ids = encode(Variant.CONTINUATION, text, false);
        OptionalInt first = vocabulary.addsPrefix()
                ? Arrays.stream(ids).filter(vocabulary::isControl).findFirst()
                : OptionalInt.empty();
        int at = first.isPresent() ? text.indexOf(vocabulary.token(first.getAsInt()).orElseThrow()) : -1;
        return at < 0
                ? ids
                : concat(encode(Variant.CONTINUATION, text.substring(0, at), false),
                        encode(Variant.TEXT, text.substring(at), false));
    }

    /**
     * The ids of {@code text}, taken as text throughout: a {@linkplain Vocabulary#controlTokens control token} that it
     * spells becomes ordinary tokens. Nothing is added around it.
     */
    public int[] encodeContent(String text) {
        return contentIds(text, false);
    }

    /** {@link #encodeContent(String)} of the continuation of another text. */
    public int[] encodeContentContinuation(String text) {
        return contentIds(text, true);
    }

    /** {@link #encodeContent(String)}, on request with what the tokenizer puts around a text. */
    public int[] encodeContent(String text, boolean addSpecial) {
        int[] ids = contentIds(text, false);
        if (!addSpecial) {
            return ids;
        }
        if (beginIds != null && endIds != null) {
            return concat(beginIds, ids, endIds);
        }
        boolean spellsControl = holdsControl(encode(Variant.TEXT, text, false));
        return encode(TokenizerVariants.variant(spellsControl, false), text, true);
    }

    /**
     * The ids of {@code text}, in which special tokens that it spells become ordinary tokens while other added tokens
     * are recognized: transformers' {@code split_special_tokens}, and llama.cpp's {@code parse_special} turned off. For
     * text from others use {@link #encodeContent}.
     *
     * @param addSpecial whether to add what the tokenizer puts around a text, such as {@code <s>}
     */
    public int[] encodeWithoutSpecial(String text, boolean addSpecial) {
        int[] ids = encode(Variant.TEXT, text, false);
        boolean isSpelled = Arrays.stream(ids).anyMatch(vocabulary::isSpecial);
        Variant variant = isSpelled ? Variant.SPECIAL_RESPELLED : Variant.TEXT;
        if (!addSpecial || beginIds == null || endIds == null) {
            return encode(variant, text, addSpecial);
        }
        return concat(beginIds, encode(variant, text, false), endIds);
    }

    private int[] contentIds(String text, boolean isContinuation) {
        int[] ids = encode(TokenizerVariants.variant(false, isContinuation), text, false);
        if (holdsControl(ids)) {
            ids = encode(TokenizerVariants.variant(true, isContinuation), text, false);
        }
        if (holdsControl(ids)) {
            throw new IllegalStateException("this tokenizer cannot take the control tokens in a text as text");
        }
        return ids;
    }

    private boolean holdsControl(int[] ids) {
        return Arrays.stream(ids).anyMatch(vocabulary::isControl);
    }

    /**
     * The ids of the joined {@code parts}, tokenized as one text, except that a control token is recognized only where
     * one part spells it whole: what a part spells in the middle of others' text, or two of them together, is text.
     * Nothing is added around it.
     */
    public int[] encodeParts(List<String> parts) {
        if (parts.size() == 1) {
            int[] ids = encode(parts.getFirst(), false);
            if (spellsControlsOf(ids, parts.getFirst())) {
                return ids;
            }
        }
        return variants.call(Variant.RESPELLED, prepared -> prepared.tokenizer().encode(
                parts.stream().map(part -> respell(part, prepared.spellings())).collect(Collectors.joining()), false));
    }

    /**
     * Whether a text spells all control tokens among its ids: the normalizer may make others out of letters that look
     * alike, such as those of full width.
     */
    private boolean spellsControlsOf(int[] ids, String text) {
        return Arrays.stream(ids).filter(vocabulary::isControl).distinct().allMatch(id -> {
            String token = vocabulary.token(id).orElseThrow();
            long numIds = Arrays.stream(ids).filter(one -> one == id).count();
            return Math.max(numOccurrences(text, token), numOccurrences(text, token.replace('\u2581', ' '))) >= numIds;
        });
    }

    private static int numOccurrences(String text, String part) {
        int count = 0;
        for (int at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + part.length())) {
            count++;
        }
        return count;
    }

    private String respell(String text, Map<String, String> spellings) {
        List<String> controlTokens = vocabulary.controlTokens(); // longest first
        StringBuilder result = new StringBuilder();
        int at = 0;
        while (at < text.length()) {
            int from = at;
            String found = controlTokens.stream().filter(token -> text.startsWith(token, from)).findFirst()
                    .orElse(text.substring(at, at + 1));
            result.append(spellings.getOrDefault(found, found));
            at += found.length();
        }
        return result.toString();
    }

    private int[] encode(Variant variant, String text, boolean addSpecial) {
        return variants.call(variant, prepared -> prepared.tokenizer().encode(text, addSpecial));
    }

    /**
     * The text of {@code ids}. Bytes that are not UTF-8 become U+FFFD; ids without a token (a model may have more rows
     * than its tokenizer) give nothing.
     *
     * @param skipSpecial whether to leave out special tokens
     */
    public String decode(int[] ids, boolean skipSpecial) {
        long[] longIds = new long[ids.length];
        for (int i = 0; i < ids.length; i++) {
            if (ids[i] < 0) {
                throw new IllegalArgumentException("ids: " + ids[i] + " at " + i + ", must not be negative");
            }
            longIds[i] = ids[i];
        }
        return variants.call(Variant.TEXT, prepared -> prepared.tokenizer().decode(longIds, skipSpecial));
    }

    /**
     * The text of one id alone, control tokens included: without its space where the tokenizer strips that from a text.
     */
    public String tokenText(int id) {
        return decode(new int[] {id}, false);
    }

    /** The text that one id adds to a text, control tokens included: with the space that it begins with. */
    public String continuationText(int id) {
        String alone = tokenText(id);
        String twice = decode(new int[] {id, id}, false);
        boolean isStripped = twice.length() > 2 * alone.length() && twice.endsWith(alone);
        return isStripped ? twice.substring(alone.length()) : alone;
    }

    /** A decoder for ids that come one at a time, the first of which begins a text. */
    public StreamingDecoder streamingDecoder(boolean skipSpecial) {
        return new StreamingDecoder(this, skipSpecial);
    }

    /**
     * A decoder for ids that come one at a time and continue a text: its text is what they add to that of
     * {@code precedingIds}. A character that these end in the middle of belongs to what comes.
     *
     * @param precedingIds what the text holds so far; its end suffices
     */
    public StreamingDecoder streamingDecoderAfter(int[] precedingIds, boolean skipSpecial) {
        StreamingDecoder decoder = new StreamingDecoder(this, skipSpecial);
        decoder.startAfter(precedingIds);
        return decoder;
    }

    /**
     * A decoder for ids that continue a text, which leaves out special tokens but some.
     *
     * @param precedingIds what the text holds so far; its end suffices
     * @param shownIds special tokens that are part of the text
     */
    public StreamingDecoder streamingDecoderAfter(int[] precedingIds, Set<Integer> shownIds) {
        StreamingDecoder decoder = new StreamingDecoder(this, true, shownIds);
        decoder.startAfter(precedingIds);
        return decoder;
    }

    /** Gives the native memory back. Closing twice is allowed. */
    @Override
    public void close() {
        variants.close();
    }

    @Override
    public String toString() {
        return "TextTokenizer[" + vocabSize() + " tokens]";
    }
}
