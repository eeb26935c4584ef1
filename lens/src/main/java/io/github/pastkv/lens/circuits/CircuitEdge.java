package io.github.pastkv.lens.circuits;

/**
 * An edge that was tried.
 *
 * @param sender number of the sender
 * @param receiver number of the receiver
 * @param effect by how much the metric rose when it was removed, from where it then stood
 * @param removed whether it was removed
 */
public record CircuitEdge(int sender, int receiver, double effect, boolean removed) {}
