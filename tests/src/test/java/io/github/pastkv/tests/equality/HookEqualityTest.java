package io.github.pastkv.tests.equality;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.cache.KvCacheEntry;
import io.github.pastkv.cache.PastTensor;
import io.github.pastkv.lens.Hook;
import io.github.pastkv.lens.Lens;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.engine.StepInput;
import io.github.pastkv.model.generation.Generation;
import io.github.pastkv.model.generation.GenerationListener;
import io.github.pastkv.model.generation.GenerationOptions;
import io.github.pastkv.model.hooks.HookFilter;
import io.github.pastkv.model.hooks.HookName;
import io.github.pastkv.model.hooks.HookPoint;
import io.github.pastkv.tensor.Tensor;
import io.github.pastkv.testkit.model.LogitRows;
import io.github.pastkv.testkit.model.PaddedBatch;
import io.github.pastkv.testkit.model.TestScale;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A hook that reads changes no bit, nor does one that writes back what it read, at any hook point on any path. */
@Tag("kernels")
@Tag("slow")
class HookEqualityTest {
    private static final int NUM_SPLITS = Subject.rounds(2);
    private static final int NUM_GENERATED = 6;

    private static final HookFilter EVERYTHING = HookFilter.where(_ -> true);

    /** Looks at every hook, and reads all of its numbers. */
    private static Hook observer(Set<HookName> seen) {
        return Hook.observe(EVERYTHING, (activation, context) -> {
            activation.toFloatArray();
            seen.add(context.name());
        });
    }

    /** Puts back what it saw: as it is, or as a replacement. */
    private static Stream<Hook> putBack(HookFilter filter) {
        return Stream.of(Hook.edit(filter, (activation, _) -> activation.copyFrom(activation.copy())),
                Hook.replace(filter, (activation, _) -> activation.copy()));
    }

    @ParameterizedTest
    @MethodSource("io.github.pastkv.tests.equality.Subject#covering")
    void observing_changesNoBit(Subject subject) throws IOException {
        try (Model model = subject.load()) {
            Set<HookName> seen = new HashSet<>();
            requireSamePaths(subject, model, observer(seen));
            assertThat(seen).containsExactlyInAnyOrderElementsOf(model.hooks().names());
        }
    }

    /** Each subject with both ways to put back; in a build with one of them in turn. */
    static Stream<Arguments> waysToPutBack() {
        List<Hook> hooks = putBack(EVERYTHING).toList();
        List<Subject> subjects = Subject.covering().toList();
        return IntStream.range(0, subjects.size()).boxed().flatMap(number -> TestScale.everyOther(hooks, number)
                .stream().map(hook -> Arguments.of(subjects.get(number), hook)));
    }

    @ParameterizedTest
    @MethodSource("waysToPutBack")
    void puttingBackEverywhere_changesNoBit(Subject subject, Hook hook) throws IOException {
        try (Model model = subject.load()) {
            requireSamePaths(subject, model, hook);
        }
    }

    @ParameterizedTest
    @MethodSource("io.github.pastkv.tests.equality.Subject#mechanisms")
    void puttingBackAtOnePoint_changesNoBit(Subject subject) throws IOException {
        try (Model model = subject.load()) {
            LogitRows expected = Paths.oneShot(model, subject.session(), subject.tokenIds());
            for (HookPoint point : HookPoint.values()) {
                HookFilter filter = HookFilter.where(name -> name.point() == point);
                putBack(filter).forEach(hook -> LogitRows.of(hooked(subject, model, subject.tokenIds(), hook))
                        .requireSameBits(point.path(), expected));
            }
        }
    }

    private static Tensor hooked(Subject subject, Model model, int[] tokenIds, Hook hook) {
        try (Session session = model.newSession(subject.session())) {
            Tensor logits = new Lens(model).run(session, StepInput.tokens(tokenIds), hook).logits();
            return logits.reshape(tokenIds.length, model.config().vocabSize());
        }
    }

    private static void requireSamePaths(Subject subject, Model model, Hook hook) {
        int[] tokenIds = subject.tokenIds();
        LogitRows expected = Paths.oneShot(model, subject.session(), tokenIds);
        LogitRows.of(hooked(subject, model, tokenIds, hook)).requireSameBits("one step", expected);
        for (int seed = 0; seed < NUM_SPLITS; seed++) {
            int[] lengths = Paths.randomSplit(new Random(seed), tokenIds.length);
            try (Session session = model.newSession(subject.session());
                    Session plain = model.newSession(subject.session())) {
                LogitRows logits = new LogitRows();
                Lens lens = new Lens(model);
                int from = 0;
                for (int length : lengths) {
                    int[] chunk = Arrays.copyOfRange(tokenIds, from, from + length);
                    logits.add(lens.run(session, StepInput.tokens(chunk), hook).logits().reshape(length,
                            model.config().vocabSize()));
                    from += length;
                }
                logits.requireSameBits("chunks " + Arrays.toString(lengths), expected);
                plain.append(tokenIds);
                requireSamePast(session, plain);
            }
        }
        requireSameRows(subject, model, hook);
        requireSameGeneration(subject, model, hook);
    }

    private static void requireSamePast(Session actual, Session expected) {
        for (KvCacheEntry entry : expected.cache().entries()) {
            KvCacheEntry other = actual.cache().entry(entry.layer());
            try (PastTensor keys = entry.pastKeys(); PastTensor otherKeys = other.pastKeys();
                    PastTensor values = entry.pastValues(); PastTensor otherValues = other.pastValues()) {
                assertThat(otherKeys.toFloatArray()).isEqualTo(keys.toFloatArray());
                assertThat(otherValues.toFloatArray()).isEqualTo(values.toFloatArray());
            }
        }
    }

    /** Rows with pads left, right and in the middle, and one that is all pads. */
    private static void requireSameRows(Subject subject, Model model, Hook hook) {
        int[] prompt = subject.tokenIds();
        int[][] rows = {prompt, Arrays.copyOf(prompt, prompt.length / 2), {}};
        for (PaddedBatch batch : List.of(PaddedBatch.left(rows), PaddedBatch.right(rows),
                PaddedBatch.holes(new Random(5), rows))) {
            try (Session session = model.newSession(subject.session().withBatchSize(rows.length))) {
                session.append(batch.tokenIds(), batch.mask()); // a past with pads
                session.freeze();
                Tensor plain = session.append(batch.tokenIds(), batch.mask());
                Tensor logits = new Lens(model)
                        .run(session, StepInput.tokens(batch.tokenIds(), batch.mask()), hook).logits();
                assertThat(logits.toFloatArray()).isEqualTo(plain.toFloatArray());
            }
        }
    }

    private static void requireSameGeneration(Subject subject, Model model, Hook hook) {
        GenerationOptions options = GenerationOptions.greedy(NUM_GENERATED);
        int[][] prompts = {Arrays.copyOf(subject.tokenIds(), 4), Arrays.copyOf(subject.tokenIds(), 7)};
        PaddedBatch batch = PaddedBatch.right(prompts);
        try (Session plain = model.newSession(subject.session().withBatchSize(2));
                Session session = model.newSession(subject.session().withBatchSize(2))) {
            Generation expected = plain.generate(batch.tokenIds(), batch.mask(), options, GenerationListener.NONE);
            Generation actual = new Lens(model).generate(session, batch.tokenIds(), batch.mask(), options, hook);
            assertThat(actual.rows()).isEqualTo(expected.rows());
            requireSamePast(session, plain);
        }
    }
}
