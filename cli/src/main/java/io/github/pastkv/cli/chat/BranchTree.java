package io.github.pastkv.cli.chat;

import io.github.pastkv.chat.BranchInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The branches of a conversation as lines, each below the one that it comes from. */
final class BranchTree {
    private BranchTree() {}

    static List<String> of(List<BranchInfo> branches) {
        List<String> lines = new ArrayList<>();
        addChildren(lines, branches, null, "");
        return lines;
    }

    private static void addChildren(List<String> lines, List<BranchInfo> branches, @Nullable String parent,
            String indent) {
        for (BranchInfo branch : branches) {
            if (Objects.equals(branch.parent(), parent)) {
                lines.add((branch.isCurrent() ? "* " : "  ") + indent + describe(branch));
                addChildren(lines, branches, branch.name(), indent + "  ");
            }
        }
    }

    private static String describe(BranchInfo branch) {
        String turn =
                branch.numSharedTurns() == 0 ? " before its first turn" : " after turn " + branch.numSharedTurns();
        String from = branch.parent() == null ? "" : ", from " + branch.parent() + turn;
        return branch.name() + ": " + branch.numTurns() + (branch.numTurns() == 1 ? " turn" : " turns") + from;
    }
}
