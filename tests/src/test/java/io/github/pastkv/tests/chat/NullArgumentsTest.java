package io.github.pastkv.tests.chat;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.cache.KvCache;
import io.github.pastkv.cache.KvCacheConfig;
import io.github.pastkv.cache.KvPool;
import io.github.pastkv.cache.KvPoolOptions;
import io.github.pastkv.cache.layout.KvShape;
import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.cache.layout.KvTypes;
import io.github.pastkv.cache.layout.LayerKvTypes;
import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.cache.prefix.PrefixNamespace;
import io.github.pastkv.chat.Chat;
import io.github.pastkv.chat.ChatFormats;
import io.github.pastkv.chat.ChatMessage;
import io.github.pastkv.chat.Conversation;
import io.github.pastkv.lens.Hook;
import io.github.pastkv.lens.Lens;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.ModelOptions;
import io.github.pastkv.model.PrefixReuse;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.SessionOptions;
import io.github.pastkv.model.engine.StepInput;
import io.github.pastkv.model.generation.BeamOptions;
import io.github.pastkv.model.generation.GenerationListener;
import io.github.pastkv.model.generation.GenerationOptions;
import io.github.pastkv.model.hooks.HookFilter;
import io.github.pastkv.model.sampling.SamplingOptions;
import io.github.pastkv.tinymodel.TinyModel;
import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Parameter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A null argument is an error at the call that it is given to, which names it, and changes nothing: tried with every
 * argument of the methods and constructors of the classes that applications use.
 */
class NullArgumentsTest {
    /** Of the JDK's or of inner code: not names that the caller knows. */
    private static final List<String> FOREIGN_NAMES = List.of("\"this.", "\"coll\"", "\"map\"", "\"array\"");

    @TempDir private Path folder;

    private final List<Object> known = new ArrayList<>();
    private final List<String> faults = new ArrayList<>();

    @Test
    void nullArgument_isRefusedByName_atOnce() throws Exception {
        TinyModel.unpackTo(folder);
        KvCacheConfig config = KvCacheConfig.of(new KvShape(2, 2, 4), 1);
        try (Model model = Model.load(folder, ModelOptions.defaults().withKernels("scalar"));
                Session session = model.newSession();
                Conversation conversation = new Conversation(model.newSession(), ChatFormats.of(model));
                KvPool pool = new KvPool(config, KvPoolOptions.defaults().withPrefixIndex());
                KvCache cache = new KvCache(config)) {
            known.addAll(List.of(PrefixNamespace.builder("a").build(), pool, ChatMessage.user("a"),
                    HookFilter.all(), Hook.observe("k0", (_, _) -> {}), new Lens(model)));
            known.addAll(List.of(model, session, conversation, cache, config, Chat.of(model), ChatFormats.of(model),
                    ModelOptions.defaults(), SessionOptions.defaults(), GenerationOptions.greedy(2),
                    SamplingOptions.GREEDY, BeamOptions.of(2, 2), PrefixReuse.ON, GenerationListener.NONE,
                    StepInput.tokens(1), AttentionMask.ones(1, 1), new KvTypes(KvType.F32, KvType.F32),
                    LayerKvTypes.of(new KvTypes(KvType.F32, KvType.F32)), config.layers().getFirst()));
            for (Object object : List.copyOf(known)) {
                if (!(object instanceof GenerationListener)) {
                    tryAll(object);
                }
            }
            assertThat(String.join("\n", faults)).isEmpty();
            assertThat(session.size()).isZero();
            assertThat(conversation.turns()).isEmpty();
        }
    }

    private void tryAll(Object object) throws Exception {
        List<Executable> all = new ArrayList<>(List.of(object.getClass().getConstructors()));
        Stream.of(object.getClass().getMethods()).filter(method -> method.getDeclaringClass() == object.getClass())
                .filter(method -> !method.getName().equals("equals")).forEach(all::add);
        for (Executable one : all) {
            for (int i = 0; i < one.getParameterCount(); i++) {
                Parameter parameter = one.getParameters()[i];
                if (!parameter.getType().isPrimitive()
                        && !parameter.getAnnotatedType().isAnnotationPresent(Nullable.class)) {
                    tryNull(object, one, i);
                }
            }
        }
    }

    private void tryNull(Object object, Executable one, int index) throws Exception {
        Object[] arguments = new Object[one.getParameterCount()];
        for (int i = 0; i < arguments.length; i++) {
            arguments[i] = i == index ? null : example(one.getParameterTypes()[i]);
            if (i != index && arguments[i] == null) {
                return; // no example of this type
            }
        }
        String what = one.getDeclaringClass().getSimpleName() + "." + one.getName()
                + Arrays.stream(one.getParameterTypes()).map(Class::getSimpleName).toList() + ", argument " + index;
        try {
            if (one instanceof Method method) {
                method.invoke(Modifier.isStatic(one.getModifiers()) ? null : object, arguments);
            } else {
                ((Constructor<?>) one).newInstance(arguments);
            }
            faults.add(what + ": accepted");
        } catch (InvocationTargetException e) {
            String message = String.valueOf(e.getCause().getMessage());
            if (!(e.getCause() instanceof NullPointerException) || !message.endsWith("null")
                    || FOREIGN_NAMES.stream().anyMatch(message::contains)) {
                faults.add(what + ": " + e.getCause());
            }
        }
    }

    private @Nullable Object example(Class<?> type) {
        Map<Class<?>, Object> plain = Map.ofEntries(Map.entry(int.class, 1), Map.entry(long.class, 1L),
                Map.entry(double.class, 0.5), Map.entry(boolean.class, false), Map.entry(String.class, "a"),
                Map.entry(List.class, List.of()), Map.entry(Set.class, Set.of()), Map.entry(Map.class, Map.of()),
                Map.entry(int[].class, new int[] {1}), Map.entry(int[][].class, new int[][] {{1}}),
                Map.entry(Path.class, folder));
        if (plain.containsKey(type)) {
            return plain.get(type);
        }
        return known.stream().filter(type::isInstance).findFirst()
                .orElse(type.isEnum() ? type.getEnumConstants()[0] : null);
    }
}
