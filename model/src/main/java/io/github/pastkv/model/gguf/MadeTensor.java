package io.github.pastkv.model.gguf;

import io.github.pastkv.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/** A tensor of the checkpoint, in F32, that no single tensor of the file stands for. Safe for any number of threads. */
interface MadeTensor {
    List<Long> shape();

    /** Its numbers, made when they are first asked for. */
    Tensor tensor();

    boolean isFinite();

    /** One whose finite numbers the metadata holds. */
    static MadeTensor of(Tensor numbers) {
        return new MadeTensor() {
            @Override
            public List<Long> shape() {
                return Arrays.stream(numbers.shape()).boxed().toList();
            }

            @Override
            public Tensor tensor() {
                return numbers;
            }

            @Override
            public boolean isFinite() {
                return true;
            }
        };
    }
}
