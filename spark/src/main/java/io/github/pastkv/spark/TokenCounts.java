package io.github.pastkv.spark;

import java.io.Serializable;
import org.apache.spark.SparkContext;
import org.apache.spark.util.LongAccumulator;

/**
 * Counters that Spark's UI shows for each stage. A task that is run again counts again, so they measure work, not
 * results.
 *
 * @param computed tokens of prompts that were computed
 * @param reused tokens of prompts whose keys and values were cached
 * @param generated tokens that were generated
 * @param failed rows with an error
 */
record TokenCounts(LongAccumulator computed, LongAccumulator reused, LongAccumulator generated, LongAccumulator failed)
        implements Serializable {
    private static final long serialVersionUID = 1;

    static TokenCounts of(SparkContext spark) {
        return new TokenCounts(spark.longAccumulator("PastKV tokens computed"),
                spark.longAccumulator("PastKV tokens reused"), spark.longAccumulator("PastKV tokens generated"),
                spark.longAccumulator("PastKV rows failed"));
    }

    void add(RowResult result) {
        computed.add(result.numComputed());
        reused.add(result.numReused());
        generated.add(result.numGenerated());
        failed.add(result.isError() ? 1 : 0);
    }
}
