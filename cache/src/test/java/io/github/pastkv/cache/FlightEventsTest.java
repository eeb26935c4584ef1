package io.github.pastkv.cache;

import static io.github.pastkv.cache.TextPool.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Hits, misses, evictions, forks and full pools can be read back from a recording of the Flight Recorder. */
class FlightEventsTest {
    private static final String PREFIX = "io.github.pastkv.";

    @TempDir Path folder;

    @Test
    void recording_tellsWhatHappened() throws IOException {
        Path file = folder.resolve("events.jfr");
        try (Recording recording = new Recording(); TextPool texts = new TextPool(4)) {
            for (String name : List.of("PrefixHit", "PrefixMiss", "Evict", "Fork", "PoolExhausted")) {
                recording.enable(PREFIX + name);
            }
            recording.start();
            texts.read(text(100, 6)); // a miss
            texts.read(100, 101, 102, 103, 200, 201); // a hit of 4
            try (KvCache cache = texts.open()) {
                TextPool.append(cache, text(300, 10)); // a miss that evicts
                cache.fork().close();
                assertThatExceptionOfType(PoolExhaustedException.class)
                        .isThrownBy(() -> TextPool.append(cache, text(400, 8)));
            }
            recording.stop();
            recording.dump(file);
        }
        List<RecordedEvent> events = RecordingFile.readAllEvents(file);
        RecordedEvent miss = named(events, "PrefixMiss", 2).getFirst();
        assertThat(miss.getInt("numTokens")).isEqualTo(6);
        assertThat(miss.getString("namespace")).isEqualTo("test");
        RecordedEvent hit = named(events, "PrefixHit", 1).getFirst();
        assertThat(hit.getInt("numTokens")).isEqualTo(6);
        assertThat(hit.getInt("numReused")).isEqualTo(4);
        assertThat(named(events, "Evict", 3).getLast().getLong("numEvicted")).isEqualTo(3);
        RecordedEvent fork = named(events, "Fork", 1).getFirst();
        assertThat(fork.getInt("numRows")).isEqualTo(1);
        assertThat(fork.getInt("numSlots")).isEqualTo(10);
        RecordedEvent full = named(events, "PoolExhausted", 1).getFirst();
        assertThat(full.getInt("numBlocksAsked")).isEqualTo(2);
        assertThat(full.getInt("numBlocksFree")).isZero();
        assertThat(full.getLong("limitBytes")).isEqualTo(4 * 3 * 32);
    }

    private static List<RecordedEvent> named(List<RecordedEvent> events, String name, int count) {
        List<RecordedEvent> named =
                events.stream().filter(event -> event.getEventType().getName().equals(PREFIX + name))
                        .toList();
        assertThat(named).as(name).hasSize(count);
        return named;
    }
}
