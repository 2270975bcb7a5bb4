// Run by start.sh at each start, until it succeeds. Makes the server a replica set and its users; passwords follow the environment.
const admin = db.getSiblingDB("admin"), argos = db.getSiblingDB("argos");
const { MONGO_ROOT_PASSWORD: rootPassword, MONGO_PASSWORD: password } = process.env;

function login() {
  try {
    admin.auth("root", rootPassword);
    return true;
  } catch {
    return false;
  }
}

if (!login()) {
  // A first start: nobody is known yet, and from this host one may found the set and its first user.
  try {
    rs.initiate({ _id: "rs0", members: [{ _id: 0, host: "mongo:27017" }] });
  } catch (e) {
    if (e.codeName !== "AlreadyInitialized") {
      print(`not yet, or MONGO_ROOT_PASSWORD is not the one that this volume was made with: ${e.message}`);
      quit(1);
    }
  }
  while (!db.hello().isWritablePrimary) sleep(200);
  admin.createUser({ user: "root", pwd: rootPassword, roles: ["root"] });
  admin.auth("root", rootPassword);
}
while (!db.hello().isWritablePrimary) sleep(200);

const user = { pwd: password, roles: [{ role: "readWrite", db: "argos" }] };
if (argos.getUser("argos")) argos.updateUser("argos", user);
else argos.createUser({ user: "argos", ...user });
print("replica set and users are as they should be");
