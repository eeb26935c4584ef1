package io.github.pastkv.model.grammar.automaton;

/**
 * How many places may be found, one after the other, for one purpose: bounds the time of a walk over many states, which
 * the places of each alone do not. For one thread.
 */
public final class PlaceBudget {
    private final long limit;
    private long numSpent;

    public PlaceBudget(long limit) {
        this.limit = limit;
    }

    void spend(int numPlaces) {
        numSpent += numPlaces;
        if (numSpent > limit) {
            throw new AutomatonLimitException("grammar: to find the tokens that may follow takes more than " + limit
                    + " places; rewrite the rules so that fewer of them begin or end alike");
        }
    }
}
