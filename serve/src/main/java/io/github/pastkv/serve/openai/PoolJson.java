package io.github.pastkv.serve.openai;

import io.github.pastkv.cache.BlockUse;
import io.github.pastkv.cache.KvPool;
import io.github.pastkv.serve.http.KeyHolder;
import io.github.pastkv.serve.run.ServedModel;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The pool of a model as JSON: its bytes by state and tenant, and a map of its blocks. Who is no operator sees the
 * blocks of all other tenants as those of {@link #OTHERS}.
 *
 * <p>The map has at most {@link #MAX_CELLS} cells, each of a number of consecutive blocks, of which the first stands
 * for all. Equal cells in a row are one entry: state, index of the owner, number of cells.
 */
final class PoolJson {
    /** The name of tenants that are not named. A tenant cannot be called so, as its name has no space. */
    static final String OTHERS = "other tenants";
    private static final int MAX_CELLS = 4096;

    private final ServedModel model;
    private final KeyHolder reader;

    PoolJson(ServedModel model, KeyHolder reader) {
        this.model = model;
        this.reader = reader;
    }

    void putInto(ObjectNode json) {
        KvPool pool = model.pool();
        json.put("limit_bytes", pool.config().maxPoolBytes()).put("pool_bytes", pool.poolBytes())
                .put("held_bytes", pool.heldBytes()).put("shared_bytes", pool.sharedBytes())
                .put("cached_bytes", pool.cachedBytes()).put("block_bytes", model.blockBytes());
        List<BlockUse> uses = pool.blockUses();
        List<String> owners = putOwners(json.putArray("owners"), uses);
        putMap(json.putObject("map"), uses, owners);
    }

    /** What each owner has; of nobody are blocks that a step still writes. Returns the names, in the same order. */
    private List<String> putOwners(ArrayNode list, List<BlockUse> uses) {
        Map<String, Map<BlockUse.State, Long>> bytes = new TreeMap<>();
        for (BlockUse use : uses) {
            if (use.state() != BlockUse.State.FREE) {
                bytes.computeIfAbsent(ownerOf(use), _ -> new EnumMap<>(BlockUse.State.class))
                        .merge(use.state(), use.bytes(), Long::sum);
            }
        }
        bytes.forEach((owner, byState) -> {
            ObjectNode json = list.addObject().put("name", owner);
            long shared = byState.getOrDefault(BlockUse.State.SHARED, 0L);
            json.put("held_bytes", byState.getOrDefault(BlockUse.State.HELD, 0L) + shared).put("shared_bytes", shared)
                    .put("cached_bytes", byState.getOrDefault(BlockUse.State.CACHED, 0L));
        });
        return List.copyOf(bytes.keySet());
    }

    private String ownerOf(BlockUse use) {
        boolean isNamed = use.tenant().isEmpty() || use.tenant().equals(reader.tenant()) || reader.isOperator();
        return isNamed ? use.tenant() : OTHERS;
    }

    private static String nameOf(BlockUse.State state) {
        return switch (state) {
            case FREE -> "free";
            case CACHED -> "cached";
            case HELD -> "held";
            case SHARED -> "shared";
        };
    }

    private void putMap(ObjectNode json, List<BlockUse> uses, List<String> owners) {
        int blocksPerCell = Math.max(1, Math.ceilDiv(uses.size(), MAX_CELLS));
        List<BlockUse> cells = new ArrayList<>();
        for (int block = 0; block < uses.size(); block += blocksPerCell) {
            cells.add(uses.get(block));
        }
        json.put("blocks", uses.size()).put("blocks_per_cell", blocksPerCell);
        ArrayNode runs = json.putArray("runs");
        int from = 0;
        for (int cell = 1; cell <= cells.size(); cell++) {
            if (cell == cells.size() || !isLike(cells.get(cell), cells.get(from))) {
                BlockUse use = cells.get(from);
                ArrayNode run = runs.addArray().add(nameOf(use.state()));
                (use.state() == BlockUse.State.FREE ? run.addNull() : run.add(owners.indexOf(ownerOf(use))))
                        .add(cell - from);
                from = cell;
            }
        }
    }

    private boolean isLike(BlockUse use, BlockUse other) {
        return use.state() == other.state() && ownerOf(use).equals(ownerOf(other));
    }
}
