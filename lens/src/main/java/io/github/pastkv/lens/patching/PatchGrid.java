package io.github.pastkv.lens.patching;

import static io.github.pastkv.lens.patching.PatchAxis.HEAD;
import static io.github.pastkv.lens.patching.PatchAxis.KV_HEAD;
import static io.github.pastkv.lens.patching.PatchAxis.LAYER;
import static io.github.pastkv.lens.patching.PatchAxis.POSITION;
import static io.github.pastkv.lens.patching.PatchAxis.SOURCE_POSITION;

import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.hooks.HookPoint;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A family of patches: hook points, and the axes that its cells run over, the layer first. The ready-made ones are
 * those of TransformerLens' {@code get_act_patch_*}, and what a block, or a layer as a whole, adds at all positions.
 * Immutable.
 *
 * @param name what it is called
 * @param points the hooks of a layer that are patched together
 * @param axes axes of the result, in order; the first is the layer
 */
public record PatchGrid(String name, List<HookPoint> points, List<PatchAxis> axes) {
    private static final List<HookPoint> BLOCKS = List.of(HookPoint.ATTN_OUT, HookPoint.MLP_OUT);
    private static final Map<String, PatchGrid> KNOWN = new LinkedHashMap<>();
    private static final Map<String, List<String>> BUNDLES = Map.of("block_every",
            List.of("resid_pre", "attn_out", "mlp_out"), "head_all_pos_every", everyHead("_all_pos"),
            "head_by_pos_every", everyHead("_by_pos"));
    private static final Map<String, String> ALIASES =
            Map.of("head_out", "head_out_all_pos", "head_z", "head_out_all_pos", "head_q", "head_q_all_pos", "head_k",
                    "head_k_all_pos", "head_v", "head_v_all_pos", "head_pattern", "head_pattern_all_pos");

    static {
        know("resid_pre", HookPoint.RESID_PRE, LAYER, POSITION);
        know("resid_mid", HookPoint.RESID_MID, LAYER, POSITION);
        know("resid_post", HookPoint.RESID_POST, LAYER, POSITION);
        know("attn_out", HookPoint.ATTN_OUT, LAYER, POSITION);
        know("mlp_out", HookPoint.MLP_OUT, LAYER, POSITION);
        know("layer_out", BLOCKS, LAYER, POSITION);
        know("attn_out_all_pos", HookPoint.ATTN_OUT, LAYER);
        know("mlp_out_all_pos", HookPoint.MLP_OUT, LAYER);
        know("layer_out_all_pos", BLOCKS, LAYER);
        know("head_out_all_pos", HookPoint.Z, LAYER, HEAD);
        know("head_q_all_pos", HookPoint.Q, LAYER, HEAD);
        know("head_k_all_pos", HookPoint.K, LAYER, KV_HEAD);
        know("head_v_all_pos", HookPoint.V, LAYER, KV_HEAD);
        know("head_pattern_all_pos", HookPoint.PATTERN, LAYER, HEAD);
        know("head_out_by_pos", HookPoint.Z, LAYER, POSITION, HEAD);
        know("head_q_by_pos", HookPoint.Q, LAYER, POSITION, HEAD);
        know("head_k_by_pos", HookPoint.K, LAYER, POSITION, KV_HEAD);
        know("head_v_by_pos", HookPoint.V, LAYER, POSITION, KV_HEAD);
        know("head_pattern_by_pos", HookPoint.PATTERN, LAYER, POSITION, HEAD);
        know("head_pattern_dest_src_pos", HookPoint.PATTERN, LAYER, HEAD, POSITION, SOURCE_POSITION);
    }

    public PatchGrid {
        points = List.copyOf(points);
        axes = List.copyOf(axes);
        if (axes.isEmpty() || axes.getFirst() != LAYER) {
            throw new IllegalArgumentException("axes: " + axes + ", the first must be the layer");
        }
        if (points.isEmpty() || !points.stream().allMatch(HookPoint::isInLayer)) {
            throw new IllegalArgumentException("points: " + points + ", must be in layers, and at least one");
        }
    }

    /** Of one hook point. */
    public PatchGrid(String name, HookPoint point, List<PatchAxis> axes) {
        this(name, List.of(point), axes);
    }

    private static List<String> everyHead(String suffix) {
        return List.of("head_out" + suffix, "head_q" + suffix, "head_k" + suffix, "head_v" + suffix,
                "head_pattern" + suffix);
    }

    private static void know(String name, HookPoint point, PatchAxis... axes) {
        know(name, List.of(point), axes);
    }

    private static void know(String name, List<HookPoint> points, PatchAxis... axes) {
        KNOWN.put(name, new PatchGrid(name, points, List.of(axes)));
    }

    /** Names of the ready-made grids and bundles. */
    public static List<String> knownNames() {
        List<String> names = new ArrayList<>(KNOWN.keySet());
        BUNDLES.keySet().stream().sorted().forEach(names::add);
        return names;
    }

    /**
     * The ready-made grids of a name: one, or those of a bundle. TransformerLens' own words are read too:
     * {@code attn_head_out_by_pos}, {@code get_act_patch_resid_pre}.
     *
     * @throws IllegalArgumentException for an unknown name
     */
    public static List<PatchGrid> named(String given) {
        String name = given.replaceFirst("^get_act_patch_", "").replaceFirst("^attn_head_", "head_");
        List<String> names = BUNDLES.getOrDefault(name, List.of(ALIASES.getOrDefault(name, name)));
        return names.stream().map(each -> known(name, each)).toList();
    }

    private static PatchGrid known(String asked, String name) {
        PatchGrid grid = KNOWN.get(name);
        if (grid == null) {
            throw new IllegalArgumentException("grid: '" + asked + "', known are " + String.join(", ", knownNames()));
        }
        return grid;
    }

    /** Lengths of the axes for a model and a prompt. */
    public int[] shape(ModelConfig config, int numTokens) {
        return axes.stream().mapToInt(axis -> axis.length(config, numTokens)).toArray();
    }

    /** The cells of one layer, in row-major order. */
    List<PatchCell> cellsOfLayer(ModelConfig config, int numTokens) {
        List<PatchCell> cells = List.of(new PatchCell(0, PatchCell.ALL, PatchCell.ALL, PatchCell.ALL));
        for (PatchAxis axis : axes.subList(1, axes.size())) {
            List<PatchCell> longer = new ArrayList<>();
            for (PatchCell cell : cells) {
                for (int index = 0; index < axis.length(config, numTokens); index++) {
                    longer.add(at(cell, axis, index));
                }
            }
            cells = longer;
        }
        return cells;
    }

    private static PatchCell at(PatchCell cell, PatchAxis axis, int index) {
        return switch (axis) {
            case LAYER -> cell.inLayer(index);
            case POSITION -> new PatchCell(cell.layer(), index, cell.head(), cell.sourcePosition());
            case HEAD, KV_HEAD -> new PatchCell(cell.layer(), cell.position(), index, cell.sourcePosition());
            case SOURCE_POSITION -> new PatchCell(cell.layer(), cell.position(), cell.head(), index);
        };
    }
}
