#include "postgresql_server.hpp"

#include <libpq-fe.h>

#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <initializer_list>
#include <stdexcept>
#include <vector>

namespace causeway::store {
namespace {

namespace fs = std::filesystem;

/// Debian keeps the programs of each version apart, and out of PATH.
std::string program(const std::string& name) {
  std::string found = name;
  std::error_code none;
  for (const auto& version : fs::directory_iterator{"/usr/lib/postgresql", none})
    if (const auto path = version.path() / "bin" / name; fs::exists(path)) found = path;
  return found;
}

/// The server refuses to run as root.
const passwd* somebody_else() {
  if (geteuid() != 0) return nullptr;
  const auto* found = getpwnam("postgres");
  return found ? found : getpwnam("nobody");
}

/// How long the server may take until it says that it is ready.
constexpr int start_ms_max = 60'000;

/// Where the server says that it is ready, as to systemd (Debian's does).
class notify_socket {
public:
  explicit notify_socket(const std::string& path) : number_(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    if (number_ < 0 || bind(number_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        chmod(path.c_str(), 0666) != 0 || setenv("NOTIFY_SOCKET", path.c_str(), 1) != 0)
      throw std::runtime_error{"notify socket"};
  }
  ~notify_socket() {
    unsetenv("NOTIFY_SOCKET");
    close(number_);
  }
  notify_socket(const notify_socket&) = delete;
  int number() const { return number_; }

private:
  int number_;
};

/// Starts a program with its output in `log`; it does not outlive this one. @returns its id
int start_program(const std::vector<std::string>& command, const std::string& folder) {
  const auto* user = somebody_else();
  const int child = fork();
  if (child < 0) throw std::runtime_error{"fork"};
  if (child > 0) return child;
  if (user && (setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0)) _exit(126);
  // Also where this program is killed; asked for here, since a change of the user takes it back.
  prctl(PR_SET_PDEATHSIG, SIGINT);
  const int log = open((folder + "/log").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  if (chdir(folder.c_str()) != 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0) _exit(126);
  std::vector<char*> words;
  words.reserve(command.size() + 1);
  for (const auto& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  execvp(words[0], words.data());
  _exit(127);
}

void run_to_end(const std::vector<std::string>& command, const std::string& folder) {
  int how = 0;
  if (waitpid(start_program(command, folder), &how, 0) < 0 || how != 0)
    throw std::runtime_error{command[0] + " failed (" + std::to_string(how) + "): is PostgreSQL installed?"};
}

} // namespace

postgresql_server& postgresql_server::running() {
  static postgresql_server one;
  return one;
}

postgresql_server::postgresql_server() {
  std::string name = (fs::temp_directory_path() / "causeway-postgresql-XXXXXX").string();
  if (!mkdtemp(name.data())) throw std::runtime_error{"mkdtemp"};
  folder_ = name;
  if (const auto* user = somebody_else(); user && chown(folder_.c_str(), user->pw_uid, user->pw_gid) != 0)
    throw std::runtime_error{"chown"};
  run_to_end({program("initdb"), "-D", folder_ + "/data", "-A", "trust", "-U", "causeway", "--no-sync", "-E", "UTF8",
              "--locale=C"},
             folder_);
  const notify_socket ready{folder_ + "/notify"};
  process_ = start_program({program("postgres"), "-D", folder_ + "/data", "-k", folder_, "-c",
                            "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=50"},
                           folder_);
  pollfd told{ready.number(), POLLIN, 0};
  if (poll(&told, 1, start_ms_max) != 1) throw std::runtime_error{"PostgreSQL did not start: see " + folder_ + "/log"};
}

postgresql_server::~postgresql_server() {
  if (process_ != 0) {
    kill(process_, SIGINT);
    waitpid(process_, nullptr, 0);
  }
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

std::string postgresql_server::ask(const std::string& sql) {
  const auto url = "postgresql:///postgres?user=causeway&host=" + folder_;
  auto* connection = PQconnectdb(url.c_str());
  auto* answer = PQexec(connection, sql.c_str());
  const auto how = PQresultStatus(answer);
  std::string first = how == PGRES_TUPLES_OK && PQntuples(answer) > 0 ? PQgetvalue(answer, 0, 0) : "";
  const std::string why = PQerrorMessage(connection);
  PQclear(answer);
  PQfinish(connection);
  if (how != PGRES_TUPLES_OK && how != PGRES_COMMAND_OK) throw std::runtime_error{sql + ": " + why};
  return first;
}

std::string postgresql_server::make_store() {
  const auto name = "store_" + std::to_string(++last_store_);
  ask("CREATE SCHEMA " + name);
  return "postgresql:///postgres?user=causeway&host=" + folder_ + "&application_name=" + name +
         "&options=-csearch_path%3D" + name;
}

void postgresql_server::cut(const std::string& url) {
  const auto from = url.find("application_name=") + std::string{"application_name="}.size();
  ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '" +
      url.substr(from, url.find('&', from) - from) + "'");
}

} // namespace causeway::store
