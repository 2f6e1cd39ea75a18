#pragma once
#include <string>

namespace causeway::store {

/// A PostgreSQL of the tests' own: in a folder that goes with the program, on a socket in it, started when it is first
/// asked for. Commits are not synced to the disk: no case looks at a machine that fails.
class postgresql_server {
public:
  /// @throws std::runtime_error  there is none in /usr/lib/postgresql or PATH, or it does not start
  static postgresql_server& running();

  /// A schema of its own in the server's database, empty.
  /// @returns the URI of a store in it
  std::string make_store();
  /// Ends all connections to the store as a cut cable does.
  void cut(const std::string& url);
  /// Runs SQL as an operator does. @returns the first column of the first row
  std::string ask(const std::string& sql);

  ~postgresql_server();
  postgresql_server(const postgresql_server&) = delete;

private:
  postgresql_server();
  std::string folder_;
  int process_ = 0, last_store_ = 0;
};

} // namespace causeway::store
