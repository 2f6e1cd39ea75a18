user.profile
‚§user_id¤@a:x«displayname¡A