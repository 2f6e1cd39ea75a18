#pragma once
#include "config/options.hpp"
#include "config/validate.hpp"

#include <vector>

namespace causeway::config {

/// What works and leaves a door open: endpoints any user of this machine may connect to, files and folders others have
/// rights to, plain HTTP from other machines. Told at every start and by `causeway config check`; no reason not to
/// start. Looks at the files, so it needs the rights of the broker.
std::vector<problem> warnings(const options& x, purpose what_for = purpose::node);

/// The same for the files a configuration was read from: whoever may write into one decides what the broker does.
std::vector<problem> warnings_of_files(const std::vector<std::string>& configuration_files);

} // namespace causeway::config
