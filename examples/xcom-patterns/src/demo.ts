console.log("The financial pipeline comes here.");
