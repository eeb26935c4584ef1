package io.github.pastkv.serve.batch;

import java.io.BufferedOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * The answers of a batch. They are appended in the order in which they come to a file beside the output, whose name
 * ends with {@code .partial}, so that nothing is lost when a run is stopped; {@link #finish} makes the output of it.
 *
 * <p>Appending is safe for any number of threads; the rest is for one.
 */
final class BatchOutput implements AutoCloseable {
    private static final int OK = 200;
    private static final int MAX_ANSWER_BYTES = Integer.MAX_VALUE - 16; // what an array can hold
    private static final byte[] BEGIN = ("{\"id\":\"" + LineIds.PREFIX).getBytes(StandardCharsets.UTF_8);

    private final Path output;
    private final PartialFile partial;
    private final @Nullable FileChannel earlier; // the output of an earlier run, as it was when it was read
    private final Map<String, Place> answers = new HashMap<>(); // by the request's id; the last one counts
    private long position; // where the next answer is written in the partial file
    private @Nullable IOException failure;

    /** Where a line is: {@code numBytes} from {@code offset} on, with its end. */
    private record Place(FileChannel file, long offset, int numBytes, boolean isAnswer) {}

    private BatchOutput(Path output, PartialFile partial, @Nullable FileChannel earlier) {
        this.output = output;
        this.partial = partial;
        this.earlier = earlier;
    }

    /** Where answers to {@code output} are collected; of a link, beside its target. */
    static Path partialOf(Path output) throws IOException {
        Path target = resolved(output);
        return target.resolveSibling(target.getFileName() + ".partial");
    }

    private static Path resolved(Path output) throws IOException {
        return Files.exists(output) ? output.toRealPath() : output.toAbsolutePath();
    }

    /**
     * Opens the output of a batch with the answers to its requests that earlier runs have left.
     *
     * @param overwrites whether what is there and answers other requests is dropped, rather than refused
     * @param ids of all requests
     * @throws IOException when it is being written already, or what is there answers other requests: nothing has been
     *         changed then
     */
    static BatchOutput open(Path output, boolean overwrites, Set<String> ids) throws IOException {
        Path target = resolved(output);
        PartialFile partial = PartialFile.open(output, partialOf(output));
        FileChannel earlier = null;
        try {
            earlier = Files.isRegularFile(target) ? FileChannel.open(target, StandardOpenOption.READ) : null;
            BatchOutput batch = new BatchOutput(target, partial, earlier);
            if (earlier != null) {
                batch.read(target, earlier, false, overwrites, ids);
            }
            batch.position = batch.read(partial.path(), partial.channel(), true, overwrites, ids);
            partial.channel().truncate(batch.position);
            return batch;
        } catch (IOException | RuntimeException | Error e) {
            if (earlier != null) {
                earlier.close();
            }
            partial.close();
            throw e;
        }
    }

    /** Takes the answers of a file; returns where its last whole line ends. */
    private long read(Path file, FileChannel channel, boolean isPartial, boolean overwrites, Set<String> ids)
            throws IOException {
        // never closed: the channel is needed, and closing another one of the same file would give up its lock
        BatchInput lines = new BatchInput(Channels.newInputStream(channel.position(0)), MAX_ANSWER_BYTES);
        long offset = 0;
        for (byte[] line = lines.next(); line != null; line = lines.next()) {
            if (lines.isTooLong(line)) {
                throw new IOException(file + ": line " + lines.numLines() + " is longer than " + MAX_ANSWER_BYTES
                        + " bytes, so it is no answer of a batch");
            }
            if (isPartial && lines.position() == offset + line.length && isOwn(line)) {
                return offset; // without its end: it was being written
            }
            JsonNode answer = parse(line);
            String id = answer.path("id").asString("");
            if (ids.contains(id)) {
                boolean isAnswer = answer.path("response").path("status_code").asInt(0) == OK;
                answers.put(id, new Place(channel, offset, line.length + 1, isAnswer));
            } else if (!overwrites) {
                throw new IOException(file + ": line " + lines.numLines() + " answers no request of this batch and"
                        + " this model; choose another output, or overwrite it");
            }
            offset = lines.position();
        }
        return offset;
    }

    /** Whether a line that has no end begins as an answer does. After a loss of power its bytes may be zero. */
    private static boolean isOwn(byte[] line) {
        int length = Math.min(line.length, BEGIN.length);
        return Arrays.equals(line, 0, length, BEGIN, 0, length) || Arrays.equals(line, new byte[line.length]);
    }

    private static JsonNode parse(byte[] line) {
        try {
            return JsonMapper.shared().readTree(new String(line, StandardCharsets.UTF_8));
        } catch (JacksonException _) {
            return JsonMapper.shared().createObjectNode(); // which answers no request
        }
    }

    /** Whether an earlier run has answered a request. One that failed is tried again. */
    boolean hasAnswer(String id) {
        Place place = answers.get(id);
        return place != null && place.isAnswer();
    }

    /** Writes an answer. */
    void answer(String id, @Nullable String customId, ObjectNode body) throws IOException {
        append(id, customId, OK, body);
    }

    /** Writes an error. */
    void error(String id, @Nullable String customId, int status, ObjectNode body) throws IOException {
        append(id, customId, status, body);
    }

    private synchronized void append(String id, @Nullable String customId, int status, ObjectNode body)
            throws IOException {
        if (failure != null) {
            throw new IOException(failure.getMessage(), failure);
        }
        ObjectNode line = JsonMapper.shared().createObjectNode().put("id", id).put("custom_id", customId);
        line.putObject("response").put("status_code", status).put("request_id", id).set("body", body);
        line.putNull("error");
        byte[] bytes = (line + "\n").getBytes(StandardCharsets.UTF_8);
        try {
            write(bytes);
        } catch (IOException e) {
            failure = e; // nothing may follow a part of a line
            throw e;
        }
        answers.put(id, new Place(partial.channel(), position, bytes.length, status == OK));
        position += bytes.length;
    }

    private void write(byte[] bytes) throws IOException {
        ByteBuffer rest = ByteBuffer.wrap(bytes);
        try {
            while (rest.hasRemaining()) {
                int _ = partial.channel().write(rest, position + rest.position());
            }
        } catch (IOException e) {
            throw new IOException(partial.path() + ": could not be written: " + e.getMessage(), e);
        }
    }

    /**
     * Makes the output: the answers of all requests in the order of their ids, whole or not at all.
     */
    void finish(List<String> ids) throws IOException {
        Path whole = output.resolveSibling("." + output.getFileName() + ".whole"); // one name: it is held by one run
        try {
            try (FileChannel target = FileChannel.open(whole, StandardOpenOption.CREATE,
                    StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
                OutputStream out = new BufferedOutputStream(Channels.newOutputStream(target), 1 << 16);
                for (String id : ids) {
                    Place place = answers.get(id);
                    if (place == null) {
                        throw new IllegalStateException(id + ": has no answer");
                    }
                    out.write(line(place));
                }
                out.flush();
                target.force(true); // a full disk may show only here
            }
            Files.move(whole, output, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            partial.channel().truncate(0); // so that closing removes it
        } finally {
            Files.deleteIfExists(whole);
        }
    }

    private byte[] line(Place place) throws IOException {
        ByteBuffer line = ByteBuffer.allocate(place.numBytes());
        int numRead = 0;
        while (line.hasRemaining() && numRead >= 0) {
            numRead = place.file().read(line, place.offset() + line.position());
        }
        if (line.position() < place.numBytes() - 1) {
            throw new EOFException(output + ": was changed while the batch ran");
        }
        line.array()[place.numBytes() - 1] = '\n'; // the last line of an output may have been without
        return line.array();
    }

    /** Keeps what has been written; without any answer nothing is left behind. */
    @Override
    public void close() throws IOException {
        try (PartialFile _ = partial) {
            if (earlier != null) {
                earlier.close();
            }
        }
    }
}
