package io.github.pastkv.spark;

import java.io.IOException;
import org.apache.spark.TaskContext;
import org.apache.spark.util.TaskCompletionListener;

/** Uses of models that end with their task. */
final class TaskModel {
    private TaskModel() {}

    /**
     * The model of some options, for the task that runs on this thread.
     *
     * @throws IllegalStateException outside of a task
     */
    static ExecutorModels.Lease lease(PastKvOptions options) throws IOException {
        ExecutorModels.Lease lease = ExecutorModels.lease(options);
        closeWithTask(lease::close);
        return lease;
    }

    /** Calls {@code close} when the task ends; what was added last is closed first. */
    static void closeWithTask(Runnable close) {
        TaskContext task = TaskContext.get();
        if (task == null) {
            throw new IllegalStateException("task: none on this thread");
        }
        TaskContext _ = task.addTaskCompletionListener((TaskCompletionListener) _ -> close.run());
    }
}
