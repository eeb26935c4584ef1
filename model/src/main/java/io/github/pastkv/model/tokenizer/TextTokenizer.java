package io.github.pastkv.model.tokenizer;

import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import io.github.pastkv.model.files.ModelDocument;
import io.github.pastkv.model.files.ModelFormatException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Function;
import java.util.function.LongFunction;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A Hugging Face tokenizer, read from {@code tokenizer.json}. Nothing is cut off or padded, whatever the file says, and
 * nothing is ever downloaded. Holds native memory until {@link #close}; use after that is an
 * {@link IllegalStateException}.
 *
 * <p>Safe for any number of threads, closing included.
 */
public final class TextTokenizer implements AutoCloseable {
    private static final long NONE = 0;

    private final TokenizersLibrary library = NativeTokenizers.library();
    private final ReadWriteLock lock = new ReentrantReadWriteLock();
    private final byte[] json;
    private final Vocabulary vocabulary;
    private long handle;
    private long respelledHandle = NONE;
    private @Nullable RespelledTokenizerJson respelled;

    private TextTokenizer(byte[] json, Vocabulary vocabulary, long handle) {
        this.json = json;
        this.vocabulary = vocabulary;
        this.handle = handle;
    }

    /**
     * Reads a {@code tokenizer.json}.
     *
     * @throws ModelFormatException if it is missing or no tokenizer
     */
    public static TextTokenizer open(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new ModelFormatException(file, "no such file");
        }
        return read(new ModelDocument(file, Files.readAllBytes(file)));
    }

    /**
     * Reads the {@code tokenizer.json} of a model.
     *
     * @throws ModelFormatException if it is no tokenizer
     */
    public static TextTokenizer read(ModelDocument document) throws IOException {
        byte[] json = document.bytes();
        Vocabulary vocabulary = VocabularyReader.read(document.path(), json);
        try {
            return new TextTokenizer(json, vocabulary, create(new String(json, StandardCharsets.UTF_8)));
        } catch (RuntimeException e) {
            throw new ModelFormatException(document.path(), "no tokenizer: " + e.getMessage(), e);
        }
    }

    private static long create(String json) {
        TokenizersLibrary library = NativeTokenizers.library();
        long handle = library.createTokenizerFromString(json);
        try {
            library.disableTruncation(handle);
            library.disablePadding(handle);
            return handle;
        } catch (RuntimeException e) {
            library.deleteTokenizer(handle);
            throw e;
        }
    }

    /** The tokens by id. */
    public Vocabulary vocabulary() {
        return vocabulary;
    }

    /** The greatest id plus 1. */
    public int vocabSize() {
        return vocabulary.size();
    }

    /**
     * The ids of {@code text}. Control tokens spelled in the text are recognised, as in Hugging Face's own libraries;
     * for text from others use {@link #encodeContent}. An unpaired surrogate counts as U+FFFD.
     *
     * @param addSpecial whether to add what the tokenizer puts around a text, such as {@code <s>}
     */
    public int[] encode(String text, boolean addSpecial) {
        return read(tokenizer -> encode(tokenizer, text, addSpecial));
    }

    /**
     * The ids of {@code text}, taken as text throughout: a control token that it spells becomes ordinary tokens.
     * Nothing is added around it.
     */
    public int[] encodeContent(String text) {
        int[] ids = encode(text, false);
        if (holdsControl(ids)) {
            ids = encodeRespelled(_ -> text);
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
     * The ids of the joined {@code parts}, tokenised as one text, except that a control token is recognised only where one
     * part spells it whole: what a part spells in the middle of others' text, or two of them together, is text. Nothing is
     * added around it.
     */
    public int[] encodeParts(List<String> parts) {
        if (parts.size() == 1) {
            return encode(parts.getFirst(), false);
        }
        return encodeRespelled(spelling -> parts.stream().map(part -> respellAll(part, spelling))
                .collect(Collectors.joining()));
    }

    private String respellAll(String text, RespelledTokenizerJson spelling) {
        List<String> specialTokens = vocabulary.specialTokens(); // longest first
        StringBuilder result = new StringBuilder();
        int at = 0;
        while (at < text.length()) {
            int from = at;
            String found = specialTokens.stream().filter(token -> text.startsWith(token, from)).findFirst()
                    .orElse(text.substring(at, at + 1));
            result.append(spelling.respell(found));
            at += found.length();
        }
        return result.toString();
    }

    /** Encodes with the tokenizer whose control tokens no text can spell. */
    private int[] encodeRespelled(Function<RespelledTokenizerJson, String> toText) {
        RespelledTokenizerJson spelling = prepareRespelled();
        String text = toText.apply(spelling);
        return read(_ -> encode(respelledHandle, text, false));
    }

    private RespelledTokenizerJson prepareRespelled() {
        lock.writeLock().lock();
        try {
            requireOpen();
            RespelledTokenizerJson spelling = respelled;
            if (spelling == null) {
                spelling = new RespelledTokenizerJson(json);
                respelledHandle = create(spelling.json());
                respelled = spelling;
            }
            return spelling;
        } finally {
            lock.writeLock().unlock();
        }
    }

    private int[] encode(long tokenizer, String text, boolean addSpecial) {
        long encoding = library.encode(tokenizer, withoutUnpairedSurrogates(text), addSpecial);
        try {
            return Arrays.stream(library.getTokenIds(encoding)).mapToInt(Math::toIntExact).toArray();
        } finally {
            library.deleteEncoding(encoding);
        }
    }

    private static String withoutUnpairedSurrogates(String text) {
        if (text.codePoints().noneMatch(TextTokenizer::isSurrogate)) {
            return text;
        }
        int[] codePoints = text.codePoints().map(c -> isSurrogate(c) ? 0xFFFD : c).toArray();
        return new String(codePoints, 0, codePoints.length);
    }

    private static boolean isSurrogate(int codePoint) {
        return codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE;
    }

    /**
     * The text of {@code ids}. Bytes that are not UTF-8 become U+FFFD; ids without a token (a model may have more rows
     * than its tokenizer) give nothing.
     *
     * @param skipSpecial whether to leave out control tokens
     */
    public String decode(int[] ids, boolean skipSpecial) {
        long[] longIds = new long[ids.length];
        for (int i = 0; i < ids.length; i++) {
            if (ids[i] < 0) {
                throw new IllegalArgumentException("ids: " + ids[i] + " at " + i + ", must not be negative");
            }
            longIds[i] = ids[i];
        }
        return read(tokenizer -> library.decode(tokenizer, longIds, skipSpecial));
    }

    /** The text of one id alone, control tokens included. */
    public String tokenText(int id) {
        return decode(new int[] {id}, false);
    }

    /** A decoder for ids that come one at a time. */
    public StreamingDecoder streamingDecoder(boolean skipSpecial) {
        return new StreamingDecoder(this, skipSpecial);
    }

    private <T> T read(LongFunction<T> call) {
        lock.readLock().lock();
        try {
            requireOpen();
            return call.apply(handle);
        } finally {
            lock.readLock().unlock();
        }
    }

    private void requireOpen() {
        if (handle == NONE) {
            throw new IllegalStateException("tokenizer: is closed");
        }
    }

    /** Gives the native memory back. Closing twice is allowed. */
    @Override
    public void close() {
        lock.writeLock().lock();
        try {
            handle = delete(handle);
            respelledHandle = delete(respelledHandle);
        } finally {
            lock.writeLock().unlock();
        }
    }

    private long delete(long tokenizer) {
        if (tokenizer != NONE) {
            library.deleteTokenizer(tokenizer);
        }
        return NONE;
    }
}
