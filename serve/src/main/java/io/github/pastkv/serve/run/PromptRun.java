package io.github.pastkv.serve.run;

import io.github.pastkv.cache.PoolExhaustedException;
import io.github.pastkv.cache.prefix.PrefixExplanation;
import io.github.pastkv.chat.AnswerText;
import io.github.pastkv.chat.ChatFormat;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.generation.Cancellation;
import io.github.pastkv.model.generation.Generation;
import io.github.pastkv.model.generation.GenerationListener;
import io.github.pastkv.model.generation.GenerationOptions;
import io.github.pastkv.model.generation.TokenLogProbability;
import io.github.pastkv.model.grammar.GrammarException;
import io.github.pastkv.serve.request.ApiException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** One prompt of a request: waits in the queue, then runs on a thread of its own, in a session of its own. */
final class PromptRun {
    /** That of OpenAI's clients; it orders requests, and ends none. */
    private static final Duration DEFAULT_TIMEOUT = Duration.ofMinutes(10);

    private final RequestRun run;
    private final RunRequest request;
    private final int index;
    private final Cancellation cancellation = new Cancellation();
    private final long arrivalNanos = System.nanoTime();
    private final RunTimes times;
    private final List<AnswerEvents> answers;
    private final AtomicInteger numTokens = new AtomicInteger();
    private volatile double firstTokenSeconds = Double.NaN;
    private volatile int numTokensToCompute;

    PromptRun(RequestRun run, RunRequest request, int index) {
        this.run = run;
        this.request = request;
        this.index = index;
        this.numTokensToCompute = request.prompts().get(index).length;
        this.times = new RunTimes(arrivalNanos, request.options().numReturnSequences());
        this.answers = IntStream.range(0, request.options().numReturnSequences())
                .mapToObj(answer -> new AnswerEvents(run::add, choice(answer))).toList();
    }

    RequestRun run() {
        return run;
    }

    RunRequest request() {
        return request;
    }

    /** Tokens of its answers so far; for any thread. */
    int numTokens() {
        return numTokens.get();
    }

    /** Tokens of its prompt that are still to be computed, as far as is known; for any thread. */
    int numTokensToCompute() {
        return numTokensToCompute;
    }

    /** When its client gives up, or its turn should come, by {@link System#nanoTime}. */
    long deadlineNanos() {
        Duration timeout = request.timeout();
        return arrivalNanos + (timeout == null ? DEFAULT_TIMEOUT : timeout).toNanos();
    }

    /** Looks up how much of its prompt is cached; before it starts. */
    void lookUp() {
        numTokensToCompute = request.model().numTokensToCompute(request.salt(), prompt());
    }

    /** How it stands now; for any thread. */
    RunStatus status(boolean isRunning) {
        @Nullable Double first = Double.isNaN(firstTokenSeconds) ? null : firstTokenSeconds;
        return new RunStatus(request.model().name(), request.tenant(), isRunning, prompt().length, numTokens.get(),
                first, (System.nanoTime() - arrivalNanos) * 1e-9);
    }

    void cancel() {
        cancellation.cancel();
    }

    private int[] prompt() {
        return request.prompts().get(index);
    }

    /** Generates. Returns what became of it, for the metrics. */
    RunOutcome generate() {
        times.started();
        try (Session session = request.model().newSession(request.salt())) {
            PrefixExplanation found = session.explainPrefixInMemory(prompt());
            numTokensToCompute = prompt().length - found.numReused();
            run.started(RecentPrompt.of(request, prompt(), found));
            int[] rest = score(session);
            if (cancellation.isCanceled()) {
                return RunOutcome.canceled(request.options(), times, prompt().length, 0, 0);
            }
            Events texts = new Events();
            Generation generation = session.generate(new int[][] {rest}, options(rest), texts);
            texts.end();
            return end(generation);
        }
    }

    /** The error that an exception of {@link #generate} is to the client. */
    static ApiException errorOf(Throwable thrown, int retryAfterSeconds) {
        return switch (thrown) {
            case PoolExhaustedException full -> ApiException.unavailable("cache_full", retryAfterSeconds,
                    "the cache is full of other requests: limit " + full.limitBytes() + " bytes");
            case GrammarException grammar -> ApiException.badRequest(String.valueOf(grammar.getMessage()));
            default -> ApiException.internal("the generation failed, see the server's log");
        };
    }

    /** Scores the prompt where that is asked for; returns the tokens of it that are not in the session. */
    private int[] score(Session session) {
        if (request.numPromptLogProbabilities() == GenerationOptions.NO_LOG_PROBABILITIES) {
            return prompt();
        }
        List<RunEvent.ScoredToken> scores = PromptScores.score(session, prompt(), request.numPromptLogProbabilities(),
                cancellation);
        if (!cancellation.isCanceled()) {
            run.add(new RunEvent.PromptScored(index, scores));
        }
        return Arrays.copyOfRange(prompt(), prompt().length - 1, prompt().length);
    }

    private GenerationOptions options(int[] rest) {
        List<Integer> known = Arrays.stream(prompt()).limit(prompt().length - rest.length).boxed().toList();
        return request.options().withCancellation(cancellation).withKnownTokens(known);
    }

    private RunOutcome end(Generation generation) {
        int numTokens = generation.rows().stream().mapToInt(row -> row.tokenIds().size()).sum();
        if (cancellation.isCanceled()) {
            return RunOutcome.canceled(request.options(), times, prompt().length, generation.numReusedTokens(),
                    numTokens);
        }
        if (request.keepsTokens()) {
            generation.rows().forEach(row -> request.model().generatedTokens().add(request.salt(), prompt(), row));
        }
        for (int answer = 0; answer < generation.rows().size(); answer++) {
            run.add(new RunEvent.ChoiceEnded(choice(answer), generation.rows().get(answer).reason(),
                    generation.rows().get(answer).tokenIds().size(), answers.get(answer).callsTools()));
        }
        run.add(new RunEvent.PromptEnded(index, generation.numReusedTokens()));
        return RunOutcome.finished(request.options(), times, prompt().length, generation, numTokens);
    }

    private int choice(int answer) {
        return index * request.options().numReturnSequences() + answer;
    }

    /** Makes events of what the answers are told. */
    private final class Events implements GenerationListener {
        private final List<GenerationListener> listeners = answers.stream().map(this::textOf).toList();

        private GenerationListener textOf(AnswerEvents answer) {
            ChatFormat format = request.chatFormat();
            return format == null ? answer : new AnswerText(request.model().tokenizer(), format, answer, answer);
        }

        /** Gives out what was held back. */
        void end() {
            listeners.forEach(listener -> {
                if (listener instanceof AnswerText text) {
                    text.finish();
                }
            });
            answers.forEach(AnswerEvents::end);
        }

        @Override
        public void onLogProbability(int row, TokenLogProbability logProbability) {
            listeners.get(row).onLogProbability(row, logProbability);
        }

        @Override
        public boolean onToken(int row, int tokenId) {
            times.token(row);
            if (numTokens.getAndIncrement() == 0) {
                firstTokenSeconds = times.firstTokenSeconds();
                numTokensToCompute = 0;
                run.prefilled();
            }
            return listeners.get(row).onToken(row, tokenId);
        }

        @Override
        public void onText(int row, String text) {
            listeners.get(row).onText(row, text);
        }
    }
}
