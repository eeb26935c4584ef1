package io.github.pastkv.bench.replay;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;

/**
 * Generates seeded traces of three kinds: conversations, agents, and questions about shared documents. A block has 512
 * tokens.
 */
final class TraceGenerator {
    private static final int BLOCK_TOKENS = 512;
    private static final long HOUR_MILLIS = 3_600_000;

    private final SplittableRandom random;
    private final List<TraceRequest> requests = new ArrayList<>();
    private int nextId;

    private TraceGenerator(long seed) {
        this.random = new SplittableRandom(seed);
    }

    /** The kinds. */
    enum Kind {
        CONVERSATIONS, AGENTS, DOCUMENTS, MIXED;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** An hour of requests of a kind, about {@code numRequests} of them. */
    static List<TraceRequest> generate(Kind kind, int numRequests, long seed) {
        TraceGenerator generator = new TraceGenerator(seed);
        switch (kind) {
            case CONVERSATIONS -> generator.conversations(numRequests);
            case AGENTS -> generator.agents(numRequests);
            case DOCUMENTS -> generator.documents(numRequests);
            case MIXED -> {
                generator.conversations(numRequests / 3);
                generator.agents(2 * numRequests / 3);
                generator.documents(numRequests);
            }
        }
        generator.requests.sort(Comparator.comparingLong(TraceRequest::timestamp));
        return generator.requests;
    }

    /** People: one of twenty system prompts, a few turns with minutes between them, most texts never seen again. */
    private void conversations(int untilSize) {
        int[][] systems = texts(20, 1, 3);
        while (requests.size() < untilSize) {
            int numTurns = 1 + geometric(3);
            long time = random.nextLong(HOUR_MILLIS);
            int[] text = systems[zipf(systems.length)];
            for (int turn = 0; turn < numTurns && time < HOUR_MILLIS; turn++) {
                text = joined(text, fresh(1 + geometric(turn == 0 ? 8 : 1)));
                int answer = 1 + geometric(1);
                add(time, text, answer);
                text = joined(text, fresh(answer));
                time += (long) exponential(120_000);
            }
        }
    }

    /** Agents: long shared instructions, dozens of steps seconds apart, now and then a fork that goes back. */
    private void agents(int untilSize) {
        int[][] tools = texts(5, 16, 32);
        while (requests.size() < untilSize) {
            int numSteps = 5 + geometric(28);
            long time = random.nextLong(HOUR_MILLIS);
            int[] text = joined(tools[zipf(tools.length)], fresh(1 + geometric(4)));
            for (int step = 0; step < numSteps && time < HOUR_MILLIS; step++) {
                add(time, text, 1);
                int[] kept = random.nextInt(20) == 0 ? Arrays.copyOf(text, Math.max(1, text.length - 6)) : text;
                text = joined(kept, fresh(1 + geometric(3)));
                time += (long) exponential(15_000);
            }
        }
    }

    /** Documents: some are asked about often, most once or twice; questions are short. */
    private void documents(int untilSize) {
        int[][] documents = texts(400, 10, 80);
        while (requests.size() < untilSize) {
            add(random.nextLong(HOUR_MILLIS), joined(documents[zipf(documents.length)], fresh(1)), 1);
        }
    }

    private void add(long time, int[] text, int numAnswerBlocks) {
        requests.add(new TraceRequest(time, text.length * BLOCK_TOKENS, numAnswerBlocks * BLOCK_TOKENS, text));
    }

    private int[][] texts(int count, int leastBlocks, int mostBlocks) {
        int[][] texts = new int[count][];
        Arrays.setAll(texts, _ -> fresh(random.nextInt(leastBlocks, mostBlocks + 1)));
        return texts;
    }

    private int[] fresh(int numBlocks) {
        int[] ids = new int[numBlocks];
        Arrays.setAll(ids, _ -> nextId++);
        return ids;
    }

    private static int[] joined(int[] first, int[] second) {
        int[] joined = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, joined, first.length, second.length);
        return joined;
    }

    private int geometric(double mean) {
        return (int) Math.floor(exponential(mean));
    }

    private double exponential(double mean) {
        return -mean * Math.log(1 - random.nextDouble());
    }

    /** A number below {@code count}, small ones more often (Zipf, exponent 1). */
    private int zipf(int count) {
        double total = Math.log(count + 1.0);
        return Math.min(count - 1, (int) Math.floor(Math.exp(random.nextDouble() * total)) - 1);
    }
}
