package io.github.pastkv.lens.circuits;

import io.github.pastkv.model.Model;
import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.family.LayerTensors;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * The computational graph of a model: an edge goes from each {@link Sender} to each later {@link Receiver}. Senders are
 * numbered in execution order, so that a receiver reads a prefix of them; receivers are numbered from the output to the
 * input. Immutable.
 */
public final class CircuitGraph {
    private final ModelConfig config;
    private final List<Sender> senders = new ArrayList<>();
    private final List<Receiver> receivers = new ArrayList<>();
    private final Map<String, Integer> senderByName = new HashMap<>();
    private final Map<String, Integer> receiverByName = new HashMap<>();

    private CircuitGraph(ModelConfig config) {
        this.config = config;
        senders.add(new Sender(Sender.Kind.EMBED, 0, 0));
        for (int layer = 0; layer < config.numLayers(); layer++) {
            for (int head = 0; head < config.numHeads(); head++) {
                senders.add(new Sender(Sender.Kind.HEAD, layer, head));
            }
            senders.add(new Sender(Sender.Kind.MLP, layer, 0));
        }
        receivers.add(new Receiver(Receiver.Kind.OUTPUT, config.numLayers(), 0));
        for (int layer = config.numLayers() - 1; layer >= 0; layer--) {
            receivers.add(new Receiver(Receiver.Kind.MLP, layer, 0));
            addHeads(Receiver.Kind.QUERY, layer, config.numHeads());
            addHeads(Receiver.Kind.KEY, layer, config.numKvHeads());
            addHeads(Receiver.Kind.VALUE, layer, config.numKvHeads());
        }
        for (int sender = 0; sender < senders.size(); sender++) {
            senderByName.put(senders.get(sender).name(), sender);
        }
        for (int receiver = 0; receiver < receivers.size(); receiver++) {
            receiverByName.put(receivers.get(receiver).name(), receiver);
        }
    }

    private void addHeads(Receiver.Kind kind, int layer, int numHeads) {
        for (int head = 0; head < numHeads; head++) {
            receivers.add(new Receiver(kind, layer, head));
        }
    }

    /**
     * The graph of a model.
     *
     * @throws IllegalArgumentException for a family whose residual stream is not a sum of head and block outputs,
     *        because it normalizes the stream itself or the output of attention; and for latent attention
     */
    public static CircuitGraph of(Model model) {
        if (model.config().attention().latent() != null) {
            throw new IllegalArgumentException("model: " + model.config().architecture()
                    + " makes the keys and values of all heads from one latent, so none has edges of its own");
        }
        for (LayerTensors layer : model.tensors().layers()) {
            boolean norms = layer.attentionNorms().ofStream() != null || layer.ffnNorms().ofStream() != null;
            if (norms || layer.attentionNorms().after() != null) {
                throw new IllegalArgumentException("model: " + model.config().architecture() + " normalizes "
                        + (norms ? "its residual stream" : "the output of attention")
                        + ", so there are no edges between single heads");
            }
        }
        return new CircuitGraph(model.config());
    }

    /** Senders in execution order. */
    public List<Sender> senders() {
        return List.copyOf(senders);
    }

    /** Receivers from the output down to the first layer. */
    public List<Receiver> receivers() {
        return List.copyOf(receivers);
    }

    Sender sender(int sender) {
        return senders.get(sender);
    }

    Receiver receiver(int receiver) {
        return receivers.get(receiver);
    }

    ModelConfig config() {
        return config;
    }

    int numSenders() {
        return senders.size();
    }

    int numReceivers() {
        return receivers.size();
    }

    /** Number of a sender, by its name. */
    public int senderNamed(String name) {
        return named("sender", name, senderByName);
    }

    /** Number of a receiver, by its name. */
    public int receiverNamed(String name) {
        return named("receiver", name, receiverByName);
    }

    private static int named(String what, String name, Map<String, Integer> byName) {
        Integer number = byName.get(name);
        if (number == null) {
            throw new IllegalArgumentException(what + ": '" + name + "' is not in this model's graph");
        }
        return number;
    }

    int senderOfHead(int layer, int head) {
        return 1 + layer * (config.numHeads() + 1) + head;
    }

    int senderOfMlp(int layer) {
        return senderOfHead(layer, config.numHeads());
    }

    /** The receiver reads senders {@code [0, n)}. */
    public int numSendersOf(int receiver) {
        Receiver reads = receivers.get(receiver);
        boolean readsAfterHeads = reads.kind() == Receiver.Kind.MLP && !config.parallelResidual();
        return readsAfterHeads ? senderOfMlp(reads.layer()) : senderOfHead(reads.layer(), 0);
    }

    /** All edges. */
    public int numEdges() {
        return IntStream.range(0, receivers.size()).map(this::numSendersOf).sum();
    }

    /** The senders that are made from what a receiver reads; none for the output. */
    public List<Integer> sendersFedBy(int receiver) {
        Receiver reads = receivers.get(receiver);
        int group = config.numHeads() / config.numKvHeads();
        return switch (reads.kind()) {
            case QUERY -> List.of(senderOfHead(reads.layer(), reads.head()));
            case KEY, VALUE -> IntStream.range(reads.head() * group, (reads.head() + 1) * group)
                    .mapToObj(head -> senderOfHead(reads.layer(), head)).toList();
            case MLP -> List.of(senderOfMlp(reads.layer()));
            case OUTPUT -> List.of();
        };
    }

    @Override
    public String toString() {
        return "CircuitGraph[" + numEdges() + " edges]";
    }
}
