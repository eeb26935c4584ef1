package io.github.pastkv.tests.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.cache.KvCache;
import io.github.pastkv.cache.KvCacheConfig;
import io.github.pastkv.cache.KvStep;
import io.github.pastkv.cache.layout.KvShape;
import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.chat.Chat;
import io.github.pastkv.chat.ChatFormats;
import io.github.pastkv.chat.Conversation;
import io.github.pastkv.lens.CachedRun;
import io.github.pastkv.lens.Capture;
import io.github.pastkv.lens.Lens;
import io.github.pastkv.lens.Residuals;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.ModelFolder;
import io.github.pastkv.model.ModelOptions;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.generation.GenerationListener;
import io.github.pastkv.model.generation.GenerationOptions;
import io.github.pastkv.tensor.Tensor;
import io.github.pastkv.testkit.model.TinyModelFolder;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a notebook, a debugger or a log shows of PastKV's objects. */
class ToStringTest {
    @Test
    void objects_sayWhatTheyAre() throws Exception {
        try (ModelFolder files = ModelFolder.open(TinyModelFolder.require());
                Model model = Model.load(TinyModelFolder.require(), ModelOptions.defaults().withKernels("scalar"));
                Session session = model.newSession();
                KvCache cache = new KvCache(KvCacheConfig.of(new KvShape(2, 2, 4), 1));
                Conversation conversation = new Conversation(model.newSession(), ChatFormats.of(model))) {
            Lens lens = new Lens(model);
            try (CachedRun run = lens.runWithCache("Once upon a time", Capture.of("pattern"));
                    KvStep step = cache.beginStep(AttentionMask.ones(1, 1))) {
                List<Object> objects = List.of(files, files.source(), model, session, cache, cache.pool(), step,
                        session.prefixIndex().orElseThrow(),
                        cache.entry(0), session.cache().entry(0).pastKeys(), conversation, Chat.of(model),
                        ChatFormats.of(model), lens, run, run.run(), run.run().losses(), run.activations(),
                        new Residuals(model, run.activations()), model.tokenizer().orElseThrow(), model.config(),
                        session.generate("Hi", GenerationOptions.greedy(1), GenerationListener.NONE), step.newMask(),
                        Tensor.zeros(2), model.kernels(), ModelOptions.defaults(), GenerationOptions.greedy(1));
                assertThat(objects).noneMatch(object -> object.toString().matches("(?s).*[\\w$\\]]@[0-9a-f]{5,8}.*"));
            }
        }
    }
}
