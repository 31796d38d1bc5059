<?php
$line = sprintf("%.6f %d %s\n", microtime(true), $_SERVER["REMOTE_PORT"], $_SERVER["HTTP_TRACEPARENT"] ?? "-");
file_put_contents("/tmp/access.log", $line, FILE_APPEND);
return false;
