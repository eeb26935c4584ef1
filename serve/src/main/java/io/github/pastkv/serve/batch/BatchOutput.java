package io.github.pastkv.serve.batch;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
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

    private final Path output;
    private final Path partial;
    private final FileChannel channel;
    private final Map<String, Place> answers = new HashMap<>(); // by the request's id; the last one counts

    /** Where a line is: {@code numBytes} from {@code offset} on, with its end. */
    private record Place(Path file, long offset, int numBytes, boolean isAnswer) {}

    private BatchOutput(Path output, Path partial, FileChannel channel) {
        this.output = output;
        this.partial = partial;
        this.channel = channel;
    }

    /**
     * Opens the output of a batch with the answers that earlier runs have left, or without them.
     *
     * @param ids of all requests
     * @throws IOException when another process writes this output, or what is there answers other requests: nothing has
     *         been changed then
     */
    static BatchOutput open(Path output, boolean overwrites, Set<String> ids) throws IOException {
        Path partial = output.resolveSibling(output.getFileName() + ".partial");
        FileChannel channel = FileChannel.open(partial, StandardOpenOption.CREATE, StandardOpenOption.READ,
                StandardOpenOption.WRITE);
        BatchOutput batch = new BatchOutput(output, partial, channel);
        try {
            batch.lock();
            if (!overwrites) {
                batch.read(output, ids);
                batch.read(partial, ids);
            }
            channel.truncate(overwrites ? 0 : batch.lengthOfWholeLines());
            channel.position(channel.size());
            return batch;
        } catch (IOException | RuntimeException | Error e) {
            batch.close();
            throw e;
        }
    }

    private void lock() throws IOException {
        try {
            if (channel.tryLock() == null) {
                throw new IOException(output + ": is being written by another process");
            }
        } catch (OverlappingFileLockException _) {
            throw new IOException(output + ": is being written by this process");
        }
    }

    /** A run that was killed may have left a part of a line. */
    private long lengthOfWholeLines() {
        return answers.values().stream().filter(place -> place.file().equals(partial))
                .mapToLong(place -> place.offset() + place.numBytes()).max().orElse(0);
    }

    private void read(Path file, Set<String> ids) throws IOException {
        if (!Files.isRegularFile(file)) {
            return;
        }
        boolean isPartial = file.equals(partial);
        try (BatchInput lines = new BatchInput(file, MAX_ANSWER_BYTES)) {
            long offset = 0;
            for (byte[] line = lines.next(); line != null; line = lines.next()) {
                if (isPartial && offset + line.length == Files.size(file)) {
                    return; // without its end: it was being written
                }
                JsonNode answer = parse(line);
                String id = answer.path("id").asString("");
                if (!ids.contains(id)) {
                    throw new IOException(file + ": line " + lines.numLines() + " answers no request of this batch and"
                            + " this model; choose another output, or overwrite it");
                }
                boolean isAnswer = answer.path("response").path("status_code").asInt(0) == OK;
                answers.put(id, new Place(file, offset, line.length + 1, isAnswer));
                offset = lines.position();
            }
        }
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
        ObjectNode line = JsonMapper.shared().createObjectNode().put("id", id).put("custom_id", customId);
        line.putObject("response").put("status_code", status).put("request_id", id).set("body", body);
        line.putNull("error");
        byte[] bytes = (line + "\n").getBytes(StandardCharsets.UTF_8);
        long offset = channel.position();
        for (ByteBuffer rest = ByteBuffer.wrap(bytes); rest.hasRemaining();) {
            channel.write(rest);
        }
        answers.put(id, new Place(partial, offset, bytes.length, status == OK));
    }

    /**
     * Makes the output: the answers of all requests in the order of their ids, whole or not at all.
     */
    void finish(List<String> ids) throws IOException {
        Path whole = output.resolveSibling("." + UUID.randomUUID() + "." + output.getFileName());
        try {
            try (FileChannel target = FileChannel.open(whole, StandardOpenOption.CREATE_NEW,
                    StandardOpenOption.WRITE);
                    LineCopier lines = new LineCopier(target)) {
                for (String id : ids) {
                    Place place = answers.get(id);
                    if (place == null) {
                        throw new IllegalStateException(id + ": has no answer");
                    }
                    lines.copy(place);
                }
                lines.end();
            }
            Files.move(whole, Files.exists(output) ? output.toRealPath() : output, StandardCopyOption.ATOMIC_MOVE,
                    StandardCopyOption.REPLACE_EXISTING);
            Files.delete(partial);
        } finally {
            Files.deleteIfExists(whole);
        }
    }

    /** Copies lines from the files that have them. */
    private static final class LineCopier implements AutoCloseable {
        private final FileChannel target;
        private final OutputStream out;
        private final Map<Path, FileChannel> sources = new HashMap<>();

        LineCopier(FileChannel target) {
            this.target = target;
            this.out = new BufferedOutputStream(Channels.newOutputStream(target), 1 << 16);
        }

        void copy(Place place) throws IOException {
            FileChannel source = sources.get(place.file());
            if (source == null) {
                source = FileChannel.open(place.file(), StandardOpenOption.READ);
                sources.put(place.file(), source);
            }
            ByteBuffer line = ByteBuffer.allocate(place.numBytes());
            int numRead = 0;
            while (line.hasRemaining() && numRead >= 0) {
                numRead = source.read(line, place.offset() + line.position());
            }
            line.array()[place.numBytes() - 1] = '\n'; // the last line of an output may have been without
            out.write(line.array());
        }

        /** A full disk may show only here. */
        void end() throws IOException {
            out.flush();
            target.force(true);
        }

        @Override
        public void close() throws IOException {
            for (FileChannel source : sources.values()) {
                source.close();
            }
        }
    }

    /** Keeps what has been written; an output without any answer leaves nothing behind. */
    @Override
    public void close() throws IOException {
        boolean isEmpty = channel.isOpen() && channel.size() == 0;
        channel.close();
        if (isEmpty) {
            Files.deleteIfExists(partial);
        }
    }
}
