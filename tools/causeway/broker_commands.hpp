#pragma once
#include "tools/causeway/admin_client.hpp"

#include <string>
#include <vector>

/// The commands that ask a running broker. Each prints to standard output and returns the exit code.
namespace causeway::tools {

/// How to print.
struct presentation {
  bool json = false;    ///< what the broker answered, as it is
  bool wide = false;    ///< every column
  bool explain = false; ///< what the columns mean, nothing else
};

struct broker_request {
  broker_address where;
  admin::arguments with;
  presentation how;
};

int list_rooms(const broker_request& x);
int show_room(const broker_request& x);
int list_servers(const broker_request& x);
int show_server(const broker_request& x);
int retry_server(const broker_request& x);
int list_invites(const broker_request& x);
int show_invite(const broker_request& x);
int show_status(const broker_request& x);
int list_actors(const broker_request& x);
int list_keys(const broker_request& x);

} // namespace causeway::tools
