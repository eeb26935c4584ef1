package io.github.pastkv.kernels.vector;

import static io.github.pastkv.kernels.vector.AllMemory.ALL;
import static io.github.pastkv.kernels.vector.Lanes.FLOATS;
import static io.github.pastkv.kernels.vector.Lanes.INT;
import static io.github.pastkv.kernels.vector.Lanes.INTS;
import static io.github.pastkv.kernels.vector.TileForm.LANE_TILE;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static jdk.incubator.vector.FloatVector.zero;
import static jdk.incubator.vector.IntVector.broadcast;

import io.github.pastkv.cache.layout.Q8Codec;
import io.github.pastkv.kernels.AttentionTile;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/**
 * The inner loops of {@code VectorScores}: tile rows {@code [row, row + 4)} against the keys of one vector of
 * positions, or of four lane tiles. The keys of a lane tile are contiguous, those of the next may be anywhere. The
 * processor prefetches within a lane tile only, so one after the other stalls at the start of each, and four together
 * stall once (12 and 19 GB/s a thread on AMD Zen 5, the same loops in C). For the form of the code see {@link
 * LinearBodies}.
 */
final class ScoreBodies {
    /** Whether four lane tiles fit at once: a lane tile must be one vector, which implies enough registers. */
    static final boolean HAS_FOUR_LANE_TILES = Lanes.COUNT == LANE_TILE && AllMemory.IS_READABLE;

    /** Bytes of the scores of a lane tile. */
    private static final long TILE_BYTES = 4L * LANE_TILE;

    private ScoreBodies() {}

    /** Scores of the positions of one vector from {@code position} on; keys of another form are staged as F32. */
    static void fourRows(AttentionTile tile, TileForm form, int row, MemorySegment keys, long laneTile, int position) {
        switch (form) {
%for T in BF16 Q8
            case ${T}_IN_PLACE -> fourRows${T.name}(tile, row, keys, laneTile, position);
%end
            default -> fourRowsF32(tile, row, keys, laneTile, position);
        }
    }

    /** Lane tiles at a time: fewer of Q8, as widening bytes takes many nodes of the JIT's limit. */
    static int numLaneTiles(TileForm form) {
        return form == TileForm.Q8_IN_PLACE ? 2 : 4;
    }

    /** Scores of {@link #numLaneTiles} lane tiles from {@code position} on, which is the first of its lane tile. */
    static void laneTiles(AttentionTile tile, TileForm form, int row, int position) {
        switch (form) {
%for T in BF16 Q8
            case ${T}_IN_PLACE -> laneTiles${T.name}(tile, row, position);
%end
            default -> laneTilesF32(tile, row, position);
        }
    }
%for T in F32 BF16 Q8

%if T.scaled
    /** The scales of a lane tile follow its integers: 16, one for each position, for every 32 dimensions. */
%end
    private static void fourRows${T.name}(AttentionTile tile, int row, MemorySegment keys, long laneTile, int position) {
        MemorySegment queries = tile.scratch();
        long fourQueries = TileOffsets.fourQueries(tile, row);
        long start = laneTile + ${T.bytes}L * (position % LANE_TILE);
%for r below 4
        FloatVector sum${r} = zero(FLOATS);
%end
%def dimension
%if T.scaled
FloatVector key = ${T.key|keys|start + ${T.bytes}L * LANE_TILE * dim}.mul(keyScale);
%else
FloatVector key = ${T.key|keys|start + ${T.bytes}L * LANE_TILE * dim};
%end
long at = fourQueries + 16L * dim;
%for r below 4
FloatVector query${r} = broadcast(INTS, queries.get(INT, at${+ r 4})).reinterpretAsFloats();
sum${r} = query${r}.fma(key, sum${r});
%end
%end
%if T.scaled
        long scales = laneTile + ${T.bytes}L * LANE_TILE * tile.headDim() + 2L * (position % LANE_TILE);
        for (int from = 0; from < tile.headDim(); from += Q8Codec.Q8_GROUP_SIZE) {
            FloatVector keyScale = Lanes.loadBf16(keys, scales + 2L * LANE_TILE * (from / Q8Codec.Q8_GROUP_SIZE));
            int to = Math.min(from + Q8Codec.Q8_GROUP_SIZE, tile.headDim());
            for (int dim = from; dim < to; dim++) {
                %paste dimension
            }
        }
%else
        for (int dim = 0; dim < tile.headDim(); dim++) {
            %paste dimension
        }
%end
        MemorySegment scores = tile.scores();
        float scale = tile.form().scale();
%for r below 4
        sum${r}.mul(scale).intoMemorySegment(scores, TileOffsets.score(tile, row${+ r 1}, position), LITTLE_ENDIAN);
%end
    }

    private static void laneTiles${T.name}(AttentionTile tile, int row, int position) {
        long fourQueries = tile.scratch().address() + TileOffsets.fourQueries(tile, row);
%for t below T.tiles
        long start${t} = AllMemory.keys(tile, position${+ t LANE_TILE});
%end
        long scores = tile.scores().address();
%for r below 4
        long to${r} = scores + TileOffsets.score(tile, row${+ r 1}, position);
%end
        float factor = tile.form().scale();
%for t in T.tileNames
%for r below 4
        FloatVector sum${r}${t} = zero(FLOATS);
%end
%end
%def dimension
%for t in T.tileNames
%if T.scaled
FloatVector ${t} = ${T.key|ALL|start${#t} + ${T.bytes}L * LANE_TILE * dim}.mul(scale${#t});
%else
FloatVector ${t} = ${T.key|ALL|start${#t} + ${T.bytes}L * LANE_TILE * dim};
%end
%end
long at = fourQueries + 16L * dim;
%for r below 4
FloatVector query${r} = broadcast(INTS, ALL.get(INT, at${+ r 4})).reinterpretAsFloats();
%for t in T.tileNames
sum${r}${t} = query${r}.fma(${t}, sum${r}${t});
%end
%end
%end
%if T.scaled
        long scales = ${T.bytes}L * LANE_TILE * tile.headDim();
        for (int from = 0; from < tile.headDim(); from += Q8Codec.Q8_GROUP_SIZE) {
            long scale = scales + 2L * LANE_TILE * (from / Q8Codec.Q8_GROUP_SIZE);
%for t below T.tiles
            FloatVector scale${t} = Lanes.loadBf16(ALL, start${t} + scale);
%end
            int to = Math.min(from + Q8Codec.Q8_GROUP_SIZE, tile.headDim());
            for (int dim = from; dim < to; dim++) {
                %paste dimension
            }
        }
%else
        for (int dim = 0; dim < tile.headDim(); dim++) {
            %paste dimension
        }
%end
%for r below 4
%for t in T.tileNames
        sum${r}${t}.mul(factor).intoMemorySegment(ALL, to${r}${+ #t TILE_BYTES}, LITTLE_ENDIAN);
%end
%end
    }
%end
}
