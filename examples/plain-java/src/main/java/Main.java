import io.github.pastkv.model.Model;
import io.github.pastkv.model.Session;

record Pet(String name, int age, boolean likesBoats) {}

void main(String[] args) throws IOException {
    try (Model model = Model.load(Path.of(args[0])); Session session = model.newSession()) {
        Pet pet = session.generate("Tom has a dog. Its name is Max, and it is three years old. As JSON: ", Pet.class);
        IO.println(pet);
    }
}
