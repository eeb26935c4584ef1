package io.github.pastkv.model.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class StopStringsTest {
    @Test
    void next_holdsBackWhatCouldBeginAStopString() {
        StopStrings stops = new StopStrings(List.of("\n\nUser:"));
        assertThat(stops.next("Hello\n")).isEqualTo("Hello");
        assertThat(stops.next("\n")).isEmpty();
        assertThat(stops.next("Use it")).isEqualTo("\n\nUse it");
        assertThat(stops.next("\n\nUser: no")).isEmpty();
        assertThat(stops.isStopped()).isTrue();
        assertThat(stops.next("more")).isEmpty();
        assertThat(stops.finish()).isEmpty();
    }

    @Test
    void next_overlappingBegin_isFound() {
        StopStrings stops = new StopStrings(List.of("aab"));
        assertThat(stops.next("aa")).isEmpty();
        assertThat(stops.next("a")).isEqualTo("a");
        assertThat(stops.next("bc")).isEmpty();
        assertThat(stops.isStopped()).isTrue();
    }

    @Test
    void next_severalEndTogether_longestCounts() {
        StopStrings stops = new StopStrings(List.of("c", "abc"));
        assertThat(stops.next("xabcd")).isEqualTo("x");
    }

    @Test
    void finish_givesTheRestAndStartsAnew() {
        StopStrings stops = new StopStrings(List.of("END"));
        assertThat(stops.next("the E")).isEqualTo("the ");
        assertThat(stops.finish()).isEqualTo("E");
        assertThat(stops.next("END")).isEmpty();
        assertThat(stops.isStopped()).isTrue();
        assertThat(stops.finish()).isEmpty();
        assertThat(stops.isStopped()).isFalse();
    }

    @Test
    void noStopStrings_letAllPass() {
        assertThat(new StopStrings(List.of()).next("text")).isEqualTo("text");
    }

    @Test
    void emptyStopString_isRefused() {
        assertThatThrownBy(() -> new StopStrings(List.of("a", ""))).isInstanceOf(IllegalArgumentException.class)
                .hasMessage("stops: [a, ], none may be empty");
    }

    @Test
    void pieces_ofRandomText_areAsTheTextAtOnce() {
        for (int seed = 0; seed < 5000; seed++) {
            Random random = new Random(seed);
            List<String> stops = List.of(word(random, 1 + random.nextInt(4)), word(random, 1 + random.nextInt(4)));
            String text = word(random, random.nextInt(20));
            StopStrings matcher = new StopStrings(stops);
            StringBuilder streamed = new StringBuilder();
            for (int from = 0; from < text.length();) {
                int to = Math.min(text.length(), from + 1 + random.nextInt(4));
                streamed.append(matcher.next(text.substring(from, to)));
                from = to;
            }
            streamed.append(matcher.finish());
            assertThat(streamed.toString()).as("seed %d: %s in %s", seed, stops, text)
                    .isEqualTo(beforeFirstStop(text, stops));
        }
    }

    private static String word(Random random, int length) {
        StringBuilder word = new StringBuilder();
        for (int i = 0; i < length; i++) {
            word.append((char) ('a' + random.nextInt(2)));
        }
        return word.toString();
    }

    private static String beforeFirstStop(String text, List<String> stops) {
        for (int end = 1; end <= text.length(); end++) {
            String read = text.substring(0, end);
            int longest = stops.stream().filter(read::endsWith).mapToInt(String::length).max().orElse(0);
            if (longest > 0) {
                return read.substring(0, end - longest);
            }
        }
        return text;
    }
}
