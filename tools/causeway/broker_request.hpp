#pragma once
#include "tools/causeway/admin_client.hpp"
#include "tools/causeway/list_view.hpp"

#include <cstdint>
#include <string>

namespace causeway::tools {

/// How to print.
struct presentation {
  bool json = false;    ///< what the broker answered, as it is
  bool wide = false;    ///< every column
  bool explain = false; ///< what the columns mean, nothing else
  std::string columns;  ///< of a list: these, in this order; empty: the usual ones
};

/// An option whose value may be left out.
struct optional_value {
  bool is_given = false;
  std::string value;
};

/// One command to a running broker.
struct broker_request {
  broker_address where;
  admin::arguments with;
  presentation how;
  selection rows;       ///< of a list
  std::string archive;  ///< a support archive that is read instead of asking; empty: ask
  optional_value watch; ///< again and again, every so many seconds
};

/// What was answered, and by which time its times are told.
struct dated_reply {
  reply answer;
  std::int64_t now_ms = 0;
};

/// Asks the broker, or looks into the archive. Of one thing that was in trouble an archive has what the broker
/// answered, of another one what its list says; what an archive does not hold counts as refused.
dated_reply answer_to(const broker_request& x, std::string_view command);

/// What is printed, and the exit code.
struct printed {
  int code = 0;
  std::string out, err;
};

/// What there is to say of an answer that is none.
printed failure(const broker_request& x, const reply& answer);

/// Why there is no answer, in one line. @pre nothing came back
std::string why_unreached(const reply& answer);

/// Writes both texts where they belong; returns the code.
int put_out(const printed& x);

} // namespace causeway::tools
